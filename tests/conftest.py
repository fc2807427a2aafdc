"""Fixtures that every folder of tests may use."""

import gc
import io
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import nodejs
import numpy as np
import pytest
from chromium import PROGRAM, Browser
from command import forget_decisions
from fake_server import FakeServer
from PIL import Image

from storage.store import Store

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["DO_NOT_TRACK"] = "1"
# Bytecode is kept whatever the environment says: without it every worker and every command compiles the project anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
for shared in ("EVERGREEN_REMOTE", "EVERGREEN_DASK"):  # no test reaches what a person shares
    os.environ.pop(shared, None)
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # it wants DO_NOT_TRACK to be "true"

PROJECT = Path(__file__).resolve().parent.parent
pytest_plugins = ["finished_run", "remotes", "small_disk"]


# What these fixtures make takes long: one worker (make test runs two) gets all tests that want one, the longest first.
SHARED = ("first", "exports", "trained")
# Fixtures without which a page or TensorFlow.js is not tried.
IN_BROWSER = {"browser", "node", "web_folder"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a test that would be skipped fails")


def pytest_configure(config: pytest.Config) -> None:
    there = {"Node.js and node_modules": nodejs.PROGRAM, "Chromium": PROGRAM}
    missing = [name for name, program in there.items() if program is None]
    if config.getoption("--no-skips") and missing:
        raise pytest.UsageError(f"expected {' and '.join(there)}, found no {' and no '.join(missing)}: README says how")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Look for no garbage among the millions of objects of modules, all of which stay: it costs 8 of 35 s."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
    return report


_LONGEST_VALUE, _LONGEST_ID = 100, 500  # characters


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a value whose bytes or text are long by its length: ids stand in logs."""
    if isinstance(val, bytes | str) and len(ascii(val)) > _LONGEST_VALUE:
        return f"{argname} of {len(val)}"
    return None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def shared(item: pytest.Item) -> str | None:
        return next((name for name in SHARED if name in getattr(item, "fixturenames", ())), None)

    for item in items:
        assert len(item.nodeid) <= _LONGEST_ID, f"{item.nodeid[:_LONGEST_ID]}...: give the test's values short ids"
        item.add_marker(pytest.mark.xdist_group(shared(item) or str(item.path)))
        if IN_BROWSER.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: shared(item) != "first")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder whose name has a space and a letter beyond ASCII."""
    return Store(tmp_path / "støre with space")


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """Make a PNG of one colour, with noise that depends on ``seed``."""

    def make(seed: int = 0, size: tuple[int, int] = (12, 10), colour: tuple[int, int, int] = (90, 90, 90)) -> bytes:
        noise = np.random.default_rng(seed).integers(0, 60, (size[1], size[0], 3))
        data = io.BytesIO()
        Image.fromarray((noise + colour).clip(0, 255).astype(np.uint8)).save(data, "PNG")
        return data.getvalue()

    return make


@pytest.fixture(scope="session")
def session_server() -> Iterator[str]:
    """The address of one Prefect server for the whole session, with its data in a folder of its own."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield PREFECT_API_URL.value()


@pytest.fixture
def prefect_server(session_server: str) -> str:
    """The address of the session's server, which has forgotten which stores decided in other tests."""
    forget_decisions(session_server)
    return session_server


@pytest.fixture(scope="session")
def node() -> str:
    """The program Node.js, with the packages of TensorFlow.js beside it."""
    if nodejs.PROGRAM is None:
        pytest.skip("Node.js or its packages are not installed; install Node.js 18 or newer, then run make setup")
    return nodejs.PROGRAM


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the whole session."""
    if PROGRAM is None:
        pytest.skip("Chromium is not installed: the page is not tried in a browser; apt-get install chromium")
    with Browser() as running:
        yield running


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with FakeServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture
def photos(tmp_path: Path, png: Callable[..., bytes]) -> Path:
    """Thirty dark and thirty bright pictures, a folder each."""
    for label, grey in (("dark", 0), ("bright", 190)):
        for seed in range(30):
            path = tmp_path / "photos" / label / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(seed + grey, (9, 7), (grey, grey, grey)))
    return tmp_path / "photos"
