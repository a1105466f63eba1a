"""A merge request of GitLab as python-gitlab sees it, against our fake. Run by `forge`.

Usage: gitlab_change.py URL TOKEN
"""

import sys

# This file's own name must not be taken for the library's.
sys.path.pop(0)

import gitlab  # noqa: E402

url, token = sys.argv[1:]
project = gitlab.Gitlab(url, private_token=token).projects.get(42, lazy=True)
change = project.mergerequests.get(7)
for n in range(130):
    change.notes.create({"body": f"note {n}"})
notes = change.notes.list(get_all=True, order_by="created_at", sort="asc")
assert [note.body for note in notes] == [f"note {n}" for n in range(130)]
notes[3].body = "other"
notes[3].save()
assert change.notes.list(get_all=True)[3].body == "other"
project.mergerequests.update(7, {"add_labels": "a"})
project.mergerequests.update(7, {"add_labels": "b", "remove_labels": "a"})
assert project.mergerequests.get(7).labels == ["b"]
project.commits.get("c0ffee", lazy=True).statuses.create({"state": "success", "name": "x"})
