"""Which version of a library, a program or an npm package is on this machine."""

import json
import shutil
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evergreen.vision.formats.runtimes.chromium import chromium

ABSENT = "absent"
_PROJECT = Path(__file__).resolve().parents[4]
# What every setup installs, and what the extra onnx adds.
_NPM = tuple(_PROJECT / where / "node_modules" for where in ("", "npm/onnx"))
_PROGRAMS = {"node": lambda: shutil.which("node"), "chromium": chromium}


@lru_cache
def version_of(name: str) -> str:
    """Return a version, or ``absent``.

    Args:
        name: of a distribution, of an npm package (``npm:NAME``), or ``node`` or ``chromium``.
    """
    if name in _PROGRAMS:
        program = _PROGRAMS[name]()
        answer = program and subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=False)
        return answer.stdout.strip() if answer else ABSENT
    if name.startswith("npm:"):
        files = (packages / name.removeprefix("npm:") / "package.json" for packages in _NPM)
        found = next((file for file in files if file.is_file()), None)
        return str(json.loads(found.read_bytes())["version"]) if found else ABSENT
    try:
        return version(name)
    except PackageNotFoundError:
        return ABSENT
