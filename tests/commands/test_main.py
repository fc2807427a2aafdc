"""evergreen --version: what is installed is told, whatever the environment holds, and nothing heavy starts."""

import json
import os
import subprocess
import sys
from importlib.metadata import version


def test_it_tells_the_installed_version_and_starts_neither_tensorflow_nor_prefect() -> None:
    script = (
        "import sys, json\nfrom commands.main import app\n"
        "try: app(['--version'])\nexcept SystemExit as end: code = end.code\n"
        "loaded = sorted({'tensorflow', 'keras', 'prefect'} & set(sys.modules))\n"
        "print(json.dumps([code, loaded]), file=sys.stderr)\n"
    )
    wrong = os.environ | {"EVERGREEN_CACHE_GIB": "lots"}  # it is told before anything is checked
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=wrong)
    assert done.stdout == f"evergreen {version('evergreen-retrain')}\n"
    assert json.loads(done.stderr) == [0, []]
