"""Infisical's own Python client against the embedded server: `infisical.py URL ID SECRET PROJECT DIALECT`."""

import sys

from infisical_sdk import InfisicalSDKClient
from infisical_sdk.infisical_requests import APIError

url, client_id, client_secret, project, dialect = sys.argv[1:]


def refused(status, words, call, **arguments):
    try:
        call(**arguments)
    except APIError as error:
        assert error.status_code == status and words in str(error), (error.status_code, str(error))
    else:
        raise AssertionError(f"{call.__name__} was not refused")


client = InfisicalSDKClient(host=url, cache_ttl=None)
refused(
    404 if dialect == "2024-10" else 401,
    "No identity" if dialect == "2024-10" else "Invalid credentials",
    client.auth.universal_auth.login,
    client_id="nobody",
    client_secret=client_secret,
)
login = client.auth.universal_auth.login(client_id=client_id, client_secret=client_secret)
assert login.tokenType == "Bearer" and login.expiresIn <= login.accessTokenMaxTTL

place = {"project_id": project, "environment_slug": "dev", "secret_path": "/"}
made = client.secrets.create_secret_by_name("ONE", secret_value="canary-one", secret_comment="the first", **place)
assert (made.secretKey, made.secretValue, made.version, made.type) == ("ONE", "canary-one", 1, "shared")
refused(400, "already exist", client.secrets.create_secret_by_name, secret_name="ONE", secret_value="x", **place)
client.secrets.create_secret_by_name("TWO", secret_value="${ONE}!", **place)

listed = client.secrets.list_secrets(**place)
assert {s.secretKey: s.secretValue for s in listed.secrets} == {"ONE": "canary-one", "TWO": "canary-one!"}
raw = client.secrets.list_secrets(expand_secret_references=False, **place)
assert {s.secretKey: s.secretValue for s in raw.secrets} == {"ONE": "canary-one", "TWO": "${ONE}!"}
assert client.secrets.get_secret_by_name("TWO", **place).secretValue == "canary-one!"

changed = client.secrets.update_secret_by_name("TWO", secret_value="canary-two", new_secret_name="THREE", **place)
assert (changed.id, changed.version) == (listed.secrets[[s.secretKey for s in listed.secrets].index("TWO")].id, 2)
refused(404, "not found", client.secrets.get_secret_by_name, secret_name="TWO", **place)
assert client.secrets.get_secret_by_name("THREE", **place).secretValue == "canary-two"
client.secrets.delete_secret_by_name("THREE", **place)
assert [s.secretKey for s in client.secrets.list_secrets(**place).secrets] == ["ONE"]

# The addresses of folders that this client knows came after October 2024.
place = {"project_id": project, "environment_slug": "dev"}
if dialect == "2024-10":
    refused(404, "Route POST:/api/v2/folders not found", client.folders.create_folder, name="api", **place)
else:
    api = client.folders.create_folder("api", path="/", **place)
    deep = client.folders.create_folder("deep", path="/api/v1", description="made with those above", **place)
    assert [f.name for f in client.folders.list_folders(path="/", **place).folders] == ["api"]
    below = client.folders.list_folders(path="/", recursive=True, **place).folders
    assert sorted(f.name for f in below) == ["api", "deep", "v1"]
    got = client.folders.get_folder_by_id(deep.id)
    assert (got.path, got.environment.envSlug) == ("/api/v1/deep", "dev")
    assert client.folders.update_folder(deep.id, "deeper", path="/api/v1", **place).name == "deeper"
    refused(400, "not empty", client.folders.delete_folder, folder_id_or_name="api", **place)
    assert client.folders.delete_folder(api.id, force_delete=True, **place).id == api.id
    assert client.folders.list_folders(path="/", **place).folders == []
