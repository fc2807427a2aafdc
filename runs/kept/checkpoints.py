"""Where the checkpoints of a training lie: one folder for all its time limits, so that a longer one goes on.

Knows no Prefect.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from evergreen.fold_steps import trains
from evergreen.judging.ended import is_cut, words
from runs.tables import read_json
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.keys import KeyParts
from storage.steps.records import Records
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.vision.training.checkpoint import State

ENDED = "ended.json"
FROM_REMOTE = "nothing changed; another machine made it"
_LIMIT = "time_limit_minutes"
# A state of a training, or of one of its teachers below it: its number, and the digest of its bytes.
_STATE = re.compile(r"([^/]+/)?([0-9]{1,18})-[^/]+\.npz")


def folder_of(store: Store, parts: KeyParts) -> Path:
    """Return the folder of a training's checkpoints.

    An epoch follows from the one before and the rest of the recipe; when the time is over decides only where it ends.

    Args:
        store: whose folder it is below.
        parts: of the key of a step that trains.
    """
    train = {name: value for name, value in parts.recipe.get("train", {}).items() if name != _LIMIT}
    course = replace(parts, recipe={**parts.recipe, "train": train})
    return store.root / "checkpoints" / course.key


@contextmanager
def held(folder: Path, store: Store) -> Iterator[None]:
    """Have a folder of checkpoints for oneself; trainings that differ in their time limit take turns.

    Raises:
        OSError: the store's file system knows no ``flock``; a lock of another kind would outlive a kill.
    """
    lock = store.root / "locks" / f"checkpoints-{folder.name}"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock, thread_local=False, fallback_to_soft=False):
        yield


def state_of(store: Store, key: str) -> "State | None":
    """Return what is kept of the training that was to be stored under a key; None if nothing is."""
    from evergreen.vision.training.checkpoint import Checkpoints  # takes NumPy, which nobody else here needs

    try:
        parts = KeyParts.parse(store.read_blob(key))
    except StoreError:  # it was stopped before it began
        return None
    return Checkpoints(folder_of(store, parts)).load()


def newest_files(folder: Path) -> list[str]:
    """Return the names of the files from which a training would be taken up: its newest state, and its teachers'.

    Args:
        folder: of its checkpoints; one that is not there has none.
    """
    told = [path for path in folder.glob("teacher-*.json") if path.with_suffix(".keras").is_file()]
    states = [folder, *(path for path in folder.glob("teacher-*/") if folder / f"{path.name}.json" not in told)]
    newest = [max(path.glob("*.npz"), default=None) for path in states]
    found = [*(path for path in newest if path), *(path.with_suffix(".keras") for path in told), *told]
    return [path.relative_to(folder).as_posix() for path in found]


def is_further(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a training had come further with the first files than with the others, both as ``newest_files`` says."""
    return _how_far(names) > _how_far(others)


def _how_far(names: Iterable[str]) -> tuple[int, int, int]:
    """Return the number of the training's own newest state, how many teachers are trained, and the next one's state."""
    known = list(names)
    states = [found for name in known if (found := _STATE.fullmatch(name))]
    of_own = [int(found[2]) for found in states if not found[1]]
    of_teachers = [int(found[2]) for found in states if found[1]]
    trained = sum(name.endswith(".json") for name in known)
    return max(of_own, default=-1), trained, max(of_teachers, default=-1)


def take_up(folder: Path, aside: Path) -> None:
    """Give what came of another machine's checkpoints its place; the caller holds the folder.

    Args:
        folder: of the training's checkpoints.
        aside: where the files lie, on the same file system.
    """
    files = [path for path in aside.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.suffix == ".json"):  # it says that its network is there
        target = folder / path.relative_to(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def teacher_is_kept(store: Store, key: str) -> bool:
    """Whether anything is kept of a teacher of the training that was to be stored under a key."""
    try:
        parts = KeyParts.parse(store.read_blob(key))
    except StoreError:
        return False
    return _of_teachers(folder_of(store, parts))


def _of_teachers(folder: Path) -> bool:
    return any(folder.glob("teacher-*/*.npz")) or any(folder.glob("teacher-*.json"))


def why_ended(store: Store, model: Ref) -> dict[str, Any] | None:
    """Return why the training of a model ended, as ``ended.words`` takes it; None of a model that does not say."""
    try:
        says = ENDED in store.manifest(model.sha256).files
        ended: dict[str, Any] | None = read_json(store, model, ENDED) if says else None
    except StoreError:
        return None
    return ended


def goes_on(store: Store, parts: KeyParts) -> bool:
    """Whether a training that is to run would take up what a stopped or cut one, or a teacher of its, left."""
    folder = folder_of(store, parts)
    return any(folder.glob("*.npz")) or _of_teachers(folder)


def foretold(store: Store, parts: KeyParts, model: Ref | None) -> str:
    """Return what a plan says of a training beyond its reason.

    Args:
        store: where the model is.
        parts: of the training's key.
        model: that is reused; None if the training would run.
    """
    if model is None:
        return "; goes on from a checkpoint" if goes_on(store, parts) else ""
    ended = why_ended(store, model)
    return f"; {words(ended)}" if ended and not is_cut(ended) else ""  # of a cut one, the reason speaks


def unchanged(store: Store, parts: KeyParts, output: Ref) -> str:
    """Say why a step is reused, and of a training that the time limit cut how it can go on.

    Args:
        store: where the output is.
        parts: of the step's key.
        output: what the step published.
    """
    same = FROM_REMOTE if store.behind and parts.key in store.behind.brought else "nothing changed"
    ended = why_ended(store, output) if trains(parts.step) else None
    if ended is None or not is_cut(ended):
        return same
    return f"{same}, but the training had not ended by itself: {_how_to_go_on(store, parts, ended)}"


def _how_to_go_on(store: Store, parts: KeyParts, ended: Mapping[str, Any]) -> str:
    limit: Mapping[str, Any] = parts.recipe.get("train", {})
    where = "it goes on from there" if goes_on(store, parts) else "its checkpoint is gone, so it begins anew"
    return f"{words(ended)}; to train on, raise train.{_LIMIT}, now {limit.get(_LIMIT):g}: {where}"


def ended_trainings(store: Store) -> list[Path]:
    """Return the checkpoints of trainings whose model is in safety; a kill at the right moment leaves such.

    Those of a training that the time limit cut stay: a longer limit goes on from them.
    """
    records = Records(store)
    over = set()
    for record in (one for one in records.all() if trains(one.step)):
        parts, ended = records.parts(record), why_ended(store, record.output)
        if parts and records.read(record.key) and not (ended and is_cut(ended)):
            over.add(folder_of(store, parts))
    return sorted(path for path in (store.root / "checkpoints").glob("*") if path in over)
