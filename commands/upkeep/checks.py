"""What of this machine works, what does not, and what to install: each check by itself, quick, changing nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from evergreen.addresses import shown
from evergreen.cluster import Cluster, address_of
from evergreen.errors import EvergreenError
from evergreen.variables import DASK
from evergreen.vision.formats.runtimes.chromium import chromium
from flows.servers.asked import POOL, asked, decided_by_others, workers_online
from flows.servers.named_server import named_server
from runs.shared.opening import behind_of, opened
from storage.disk import must_take, shared_by
from storage.errors import StoreError
from storage.identity import FILE as IDENTITY
from storage.identity import in_short, known_identity
from storage.sizes import in_words

State = Literal["works", "missing", "broken"]

_PYTHONS = ((3, 11), (3, 12))
_LIBRARIES = ("tensorflow", "keras", "prefect", "ai-edge-litert")
_LEAST_FREE, _COMFORTABLE = 2**30, 10 * 2**30
_OLDEST_NODE = 18
_SECONDS = 20
_PACKAGES = Path(__file__).resolve().parents[2] / "node_modules" / "@tensorflow"


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: what was looked at.
        state: works; missing: something that is needed for some things alone; broken: nothing runs so.
        found: what is there, in words; never a secret.
        remedy: what to install or to do; empty if it works.
    """

    name: str
    state: State
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(self.__dict__)


def all_checks(store: Path) -> list[Check]:
    """Look at everything that a retraining, and what comes after it, may need.

    Args:
        store: root of the store, which need not be there.
    """
    checks: list[Callable[[], Check]] = [
        python, libraries, lambda: store_there(store), lambda: disk(store), node, browser,
        lambda: kaggle(os.environ, Path.home()), lambda: server(store), lambda: remote(store), cluster,
    ]  # fmt: skip
    return [check() for check in checks]


def python(found: tuple[int, int] = sys.version_info[:2]) -> Check:
    """Look at this Python's version."""
    words = f"{found[0]}.{found[1]} at {sys.executable}"
    if found in _PYTHONS:
        return Check("Python", "works", words)
    return Check("Python", "broken", words, "install Python 3.11 or 3.12, then: make setup")


def libraries(names: tuple[str, ...] = _LIBRARIES) -> Check:
    """Look whether the libraries are installed; none is imported."""
    there, lacking = [], []
    for name in names:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lacking.append(name)
    if lacking:
        return Check("libraries", "broken", f"not installed: {', '.join(lacking)}", "make setup")
    return Check("libraries", "works", ", ".join(there))


def store_there(store: Path) -> Check:
    """Look whether the store takes files; one that is not there is not made."""
    place = _existing(store)
    if blocked := next((above for above in (store, *store.parents) if above.is_file()), None):
        return Check("store", "broken", f"{blocked} is a file, not a folder", "choose another folder with --store")
    try:
        must_take(place, "the store")
    except (StoreError, OSError) as error:
        return Check("store", "broken", str(error), "make the folder writable, or choose another with --store")
    if place != store:
        return Check("store", "works", f"{store} will be made by the first run")
    runs = sum(1 for _ in store.glob("runs/*/run.json"))
    words = f"{store}, {runs:,} run{'' if runs == 1 else 's'}"
    try:
        identity = known_identity(store)
    except (StoreError, OSError) as error:
        return Check("store", "broken", str(error), f"bring {store / IDENTITY} back from a backup, or remove it")
    words += f", identity {in_short(identity)}" if identity else ""
    if kind := shared_by(store):
        words += f"; on {kind}, where other machines may see it: whether locks hold between them was not tried, so let "
        words += "one machine at a time use it"
    return Check("store", "works", words)


def disk(store: Path, least: int = _LEAST_FREE) -> Check:
    """Look how much room is left where the store lies."""
    free = shutil.disk_usage(_existing(store)).free
    words = f"{in_words(free)} free"
    if free < least:
        return Check("disk", "broken", words, f"free {in_words(least - free)} or more, or choose another --store")
    little = "" if free >= _COMFORTABLE else "; little for a large dataset: evergreen maintain says what may go"
    return Check("disk", "works", words + little)


def node(program: str | None = None, packages: Path = _PACKAGES) -> Check:
    """Look whether Node.js is there, new enough, and with TensorFlow.js beside it."""
    why = "without it TensorFlow.js exports are not verified, and there is no page"
    if (program := program or shutil.which("node")) is None:
        return Check(
            "node", "missing", f"not installed: {why}", f"install Node.js {_OLDEST_NODE} or newer, then: make setup"
        )
    said = _version_of(program)
    major = said.removeprefix("v").split(".")[0]
    if not major.isdigit() or int(major) < _OLDEST_NODE:
        return Check(
            "node",
            "missing",
            f"{said or 'no version'} at {program}",
            f"install Node.js {_OLDEST_NODE} or newer, then: make setup",
        )
    if not packages.is_dir():
        return Check("node", "missing", f"{said}, but no TensorFlow.js beside it: {why}", "make setup")
    return Check("node", "works", f"{said} at {program}, with TensorFlow.js")


def browser(find: Callable[[], str | None] = chromium) -> Check:
    """Look whether Chromium, or Chrome, is there."""
    if program := find():
        return Check("Chromium", "works", f"{_version_of(program) or 'no version'} at {program}")
    return Check(
        "Chromium", "missing", "not installed: TensorFlow.js exports are not verified in a browser",
        "install chromium (apt-get install chromium, brew install --cask chromium)",
    )  # fmt: skip


def kaggle(environment: Mapping[str, str], home: Path) -> Check:
    """Look whether there are credentials of Kaggle, in the order of its client; says where, never what."""
    folder = Path(environment.get("KAGGLE_CONFIG_DIR") or home / ".kaggle")
    ways = [
        ("the variable KAGGLE_API_TOKEN", bool(environment.get("KAGGLE_API_TOKEN"))),
        (f"{folder / 'access_token'}", (folder / "access_token").is_file()),
        ("KAGGLE_USERNAME and KAGGLE_KEY", all(environment.get(f"KAGGLE_{one}") for one in ("USERNAME", "KEY"))),
        (f"{folder / 'kaggle.json'}", (folder / "kaggle.json").is_file()),
    ]
    if there := next((words for words, is_there in ways if is_there), None):
        return Check("Kaggle key", "works", f"found in {there}; Kaggle was not asked whether it is good")
    return Check(
        "Kaggle key", "missing", "needed for sources of Kaggle alone",
        "make a token at https://www.kaggle.com/settings/api, and put it into ~/.kaggle/access_token",
    )  # fmt: skip


def server(store: Path) -> Check:
    """Look which Prefect server the settings name, whether it answers, a worker runs, and who decides on recipes."""
    try:
        named = named_server()
    except EvergreenError as error:
        return Check("server", "broken", str(error), "mend Prefect's settings")
    if named is None:
        return Check("server", "works", "none is named: each run starts a private one; for schedules: make dashboard")
    answer = asked(named.url)
    if not answer.well:
        what = f"{named} does not answer ({answer.why})"
        return Check("server", "broken", what, "start it (make dashboard), or put PREFECT_API_URL= before the command")
    workers = workers_online(named.url, POOL)
    others = _decided_by_others(named.url, store)
    if not workers:
        unknown = "does not say whether a worker runs" if workers is None else "answers; no worker runs"
        return Check("server", "missing", f"{shown(named.url)} {unknown}{others}", "for what is scheduled: make worker")
    return Check(
        "server", "works", f"{shown(named.url)} answers; {workers} worker{'' if workers == 1 else 's'}{others}"
    )


def _decided_by_others(url: str, store: Path) -> str:
    """Return what a server says of recipes on which another store decided last; empty if there are none."""
    try:
        identity = known_identity(store)
    except (StoreError, OSError):  # said of the store
        return ""
    recipes = decided_by_others(url, identity)
    if recipes is None:
        return "; does not say which stores decide"
    return f"; another store decides on {', '.join(recipes)}: evergreen adopt RECIPE" if recipes else ""


def remote(store: Path) -> Check:
    """Look which remote is behind the store, and whether it answers; changes nothing there."""
    try:
        behind = behind_of(opened(store))
    except StoreError as error:
        return Check("remote", "broken", str(error), "mend EVERGREEN_REMOTE, or unset it")
    if behind is None:
        return Check("remote", "works", "none is named: the store is this machine's alone")
    try:
        behind.remote.objects.ask()
    except StoreError as error:
        return Check("remote", "missing", str(error), "runs go on without it, and say what they did not push")
    return Check("remote", "works", f"{behind.remote.objects.address} answers")


def cluster() -> Check:
    """Look which Dask cluster EVERGREEN_DASK names, and whether it answers; nothing is sent to it."""
    try:
        address = address_of()
    except EvergreenError as error:
        return Check("Dask", "broken", str(error), f"mend {DASK.name}, or unset it")
    if address is None:
        return Check("Dask", "works", "none is named: trainings are done on this machine")
    try:
        found = Cluster(address)
    except EvergreenError as error:
        return Check("Dask", "broken", str(error), f"start it, or unset {DASK.name}")
    found.close()
    return Check("Dask", "works", found.where)


def _existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.is_dir())


def _version_of(program: str) -> str:
    """Return the first line that a program says of its version; empty if it says none."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().split("\n")[0]
