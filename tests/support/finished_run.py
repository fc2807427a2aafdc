"""One cold run of the digits recipe, for every test that wants a finished run."""

from pathlib import Path
from typing import Any

import pytest
from command import Command
from prefect_settings import FILES, VARIABLES

from evergreen.reports.browser import packages


@pytest.fixture(scope="session")
def evergreen(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("a path with späces") / "store")


@pytest.fixture(scope="session")
def first(evergreen: Command) -> dict[str, Any]:
    """The cold run, on a private server of its own, where everything is set that was meant for another server."""
    files = {evergreen.root.parent / name: text for name, text in FILES.items()}
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    summary = evergreen.retrain(variables=VARIABLES)
    for path in files:
        path.unlink()
    return summary


@pytest.fixture(scope="session")
def web_folder(evergreen: Command, first: dict[str, Any]) -> Path:
    """The web page of the cold run, written by the command."""
    if packages.missing((*packages.TENSORFLOW_JS, *packages.LITERT_JS)):
        pytest.skip(
            "LiteRT.js or TensorFlow.js is not installed: there is no page to try; install Node.js, then run make setup"
        )
    done = evergreen("web", first["id"], "--no-serve")
    assert done.returncode == 0, done.stderr
    path = evergreen.root / "runs" / first["id"] / "web"
    assert done.stdout.splitlines()[0] == f"page  {path}"
    return path
