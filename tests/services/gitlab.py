"""GitLab as python-gitlab sees it, against our fake. Run by `providers::sdk`.

Usage: gitlab.py URL TOKEN
"""

import sys

# This file's own name must not be taken for the library's.
sys.path.pop(0)

import gitlab  # noqa: E402

url, token = sys.argv[1:]
server = gitlab.Gitlab(url, private_token=token)
for owner in (server.projects.get("acme/app", lazy=True), server.groups.get("acme", lazy=True)):
    scoped = {"filter": {"environment_scope": "production"}}
    for n in range(230):
        owner.variables.create({"key": f"KEY_{n}", "value": f"{n}", "environment_scope": "production", "raw": True})
    owner.variables.create({"key": "KEY_0", "value": "another scope"})
    assert len(owner.variables.list(get_all=True)) == 231
    assert owner.variables.get("KEY_0", **scoped).value == "0"
    owner.variables.update("KEY_0", {"value": "new"}, **scoped)
    assert owner.variables.get("KEY_0", **scoped).value == "new"
    assert owner.variables.get("KEY_0", filter={"environment_scope": "*"}).value == "another scope"
    owner.variables.delete("KEY_0", **scoped)
    try:
        owner.variables.get("KEY_0", **scoped)
        raise AssertionError("it is still there")
    except gitlab.GitlabGetError as gone:
        assert gone.response_code == 404
    try:
        owner.variables.create({"key": "NOT-A-KEY", "value": ""})
        raise AssertionError("it was taken")
    except gitlab.GitlabCreateError as refused:
        assert refused.response_code == 400
