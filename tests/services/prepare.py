"""Makes a folder with all that the tests run but did not write: a virtual environment with moto and
OpenBao, the request models of AWS, GitHub's description of its own interface, the schemas of SARIF and of CI
configurations, and the own clients of Vercel and Infisical.

Usage: prepare.py FOLDER. Run by `services::folder`, which holds a lock and knows when it is needed.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# What keyform may ask of GitHub: everything about secrets of workflows, comments, labels and statuses of a change, and
# who it is.
GITHUB_PATHS = (
    "/actions/secrets",
    "/environments/{environment_name}/secrets",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
    "/repos/{owner}/{repo}/statuses/{sha}",
    "/repos/{owner}/{repo}/check-runs",
)
# And of issues.
GITHUB_ISSUES = ("/repos/{owner}/{repo}/issues", "/repos/{owner}/{repo}/issues/{issue_number}")
# SARIF's schema comes with a crate that others use to read it; nothing of the crate is built.
SARIF = """[package]
name = "schemas"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies]
serde-sarif = { version = "=0.8.0", default-features = false }
[workspace]
"""


def main(folder):
    npm = shutil.which("npm") or sys.exit("npm is missing: it fetches GitHub's description of its interface and Vercel's client")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as missing:
        sys.exit(f"this python3 can't make virtual environments: {missing}")

    node = os.path.join(folder, "node")
    os.makedirs(node, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(os.path.join(HERE, name), node)
    fetching = subprocess.Popen([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=node)

    python = os.path.join(folder, "venv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", python], check=True)
    requirements = os.path.join(HERE, "requirements.txt")
    pip = [os.path.join(python, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "-r", requirements], check=True)

    for service, version in (("ssm", "2014-11-06"), ("secretsmanager", "2017-10-17")):
        library = os.path.join(python, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
        model = os.path.join(library, "botocore", "data", service, version, "service-2.json.gz")
        with gzip.open(model, "rt", encoding="utf-8") as source:
            whole = json.load(source)
        with open(os.path.join(folder, f"{service}.json"), "w", encoding="utf-8") as target:
            json.dump({"operations": whole["operations"], "shapes": whole["shapes"]}, target)

    library = os.path.join(python, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    vendored = os.path.join(library, "check_jsonschema", "builtin_schemas", "vendor")
    for name in ("github-workflows.json", "github-actions.json", "gitlab-ci.json", "bitbucket-pipelines.json", "azure-pipelines.json"):
        shutil.copy(os.path.join(vendored, name), folder)

    crates = os.path.join(folder, "crates")
    os.makedirs(crates, exist_ok=True)
    with open(os.path.join(crates, "Cargo.toml"), "w", encoding="utf-8") as manifest:
        manifest.write(SARIF)
    open(os.path.join(crates, "lib.rs"), "w", encoding="utf-8").close()
    cargo = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version", "1"]
    asked = subprocess.run(cargo, cwd=crates, check=True, capture_output=True)
    sarif = next(p for p in json.loads(asked.stdout)["packages"] if p["name"] == "serde-sarif")
    shutil.copy(os.path.join(os.path.dirname(sarif["manifest_path"]), "src", "schema.json"), os.path.join(folder, "sarif.json"))

    if fetching.wait() != 0:
        sys.exit("npm could not fetch GitHub's description of its interface")
    described = os.path.join(node, "node_modules", "@octokit", "openapi", "generated", "api.github.com.json")
    with open(described, encoding="utf-8") as source:
        whole = json.load(source)
    with open(os.path.join(folder, "github.json"), "w", encoding="utf-8") as target:
        json.dump(translate(trim(whole)), target)
    shutil.rmtree(os.path.join(node, "node_modules", "@octokit"))


def trim(whole):
    """The paths in use and the components that they need."""
    exact = ("/user", *GITHUB_ISSUES)
    paths = {p: item for p, item in whole["paths"].items() if p in exact or any(part in p for part in GITHUB_PATHS)}
    kept = {"paths": paths, "components": {}}
    todo = [paths]
    while todo:
        for reference in references(todo.pop()):
            _, components, kind, name = reference.split("/")
            place = kept[components].setdefault(kind, {})
            if name not in place:
                place[name] = whole[components][kind][name]
                todo.append(place[name])
    return kept


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            elif key not in ("examples", "example"):
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def translate(node):
    """OpenAPI 3.0 says `nullable: true` where JSON Schema says that `null` is another type."""
    if isinstance(node, list):
        return [translate(value) for value in node]
    if not isinstance(node, dict):
        return node
    node = {key: translate(value) for key, value in node.items() if key not in ("examples", "example")}
    if node.pop("nullable", False) is True:
        node = {"anyOf": [node, {"type": "null"}]}
    return node


main(sys.argv[1])
