"""Fetches Helm as a library into a folder. Usage: fetch.py FOLDER. Run by `services::helm`, which knows when it is needed."""

import glob
import os
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "helm_sdkpy/_lib/linux-amd64/libhelm_sdkpy.so"

folder = sys.argv[1]
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--require-hashes"]
platform = ["--only-binary=:all:", "--python-version=3.13", "--platform=manylinux2014_x86_64"]
subprocess.run([*pip, *platform, "--dest", folder, "-r", os.path.join(HERE, "requirements.txt")], check=True)
(wheel,) = glob.glob(os.path.join(folder, "helm_sdkpy-*.whl"))
with zipfile.ZipFile(wheel) as packed, open(os.path.join(folder, "helm.so"), "wb") as target:
    target.write(packed.read(LIBRARY))
os.remove(wheel)
