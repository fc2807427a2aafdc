"""Forgetting a picture by its digest: it may be a person's. What cannot be deleted is said."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

from evergreen.decisions.file import is_digest
from evergreen.errors import BadInput
from runs.serving.feedback.confirmed import Confirmed
from runs.serving.feedback.files import drop_naming
from runs.serving.feedback.log import KINDS, Log, alone, logs_in
from runs.shared.opening import behind_of
from runs.summaries.summary import output_of
from runs.tables import DATASET, read_rows
from storage.errors import StoreError
from storage.in_use import exclusively
from storage.runs import summaries
from storage.store import Store

_SIDES = {"train": "trained on it", "validation": "chose its epoch by it", "test": "was judged by it"}


@dataclass
class Forgotten:
    """What became of a digest.

    Attributes:
        sha256: of the picture.
        deleted: what went, in words.
        stays: what did not, and why, in words.
    """

    sha256: str
    deleted: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


def forget(log: Log, store: Store, digest: str) -> Forgotten:
    """Delete a picture, its answers and its truths from a log, from what is confirmed, and its copies from a store.

    Args:
        log: of a recipe; what other recipes' logs in the root hold of the picture goes, too.
        store: may hold copies that runs made.
        digest: SHA-256 of the picture's bytes.

    Raises:
        BadInput: it is no SHA-256, or something cannot be deleted.
        StoreUnwritable: the store may not be written.
    """
    if not is_digest(digest):
        raise BadInput(f"--forget: expected a SHA-256, 64 digits of 0-9 and a-f; received {digest[:80]!r}")
    told = Forgotten(digest)
    try:
        with alone(log.root):
            for one in logs_in(log.root):
                told.deleted += _from_log(one, digest)
        _from_store(store, digest, told)
    except OSError as error:
        done = f"; deleted before: {', '.join(told.deleted)}" if told.deleted else ""
        raise BadInput(f"cannot delete all of {digest[:12]}...: {error}{done}; ask again") from error
    return told


def _from_log(log: Log, digest: str) -> Iterator[str]:
    picture = log.picture(digest)
    for path in (picture, picture.with_name(f"{digest}.part")):
        if path.exists():
            path.unlink()
            yield f"the picture in the log of {log.recipe}"
    files, rows = Confirmed(log).forget(digest)
    if files or rows:
        yield f"the confirmed picture of {log.recipe} and its row"
    for kind in KINDS:
        if gone := sum(drop_naming(path, digest) for path in log.days(kind)):
            yield f"{gone:,} {kind if gone != 1 else kind[:-1]} of {log.recipe}"


def _from_store(store: Store, digest: str, told: Forgotten) -> None:
    runs = list(_runs_with(store, digest))
    blob = store.blob_path(digest)
    if blob.is_file():
        with exclusively(store) as nobody_uses_it:
            if nobody_uses_it:
                blob.unlink()
                told.deleted.append(f"its copy in the store {store.root}")
                if (store.root / "cache").is_dir():
                    shutil.rmtree(store.root / "cache")
                    told.deleted.append("the store's caches of decoded pixels and features, of all pictures")
            else:
                told.stays.append(f"its copy in the store {store.root}: it is in use; ask again once nothing runs")
    for run, side in runs:
        told.stays.append(
            f"run {run} {side}: what its network learned, its exports, and a picture in its report if it shows one; "
            f"delete {store.root / 'runs' / run} and run evergreen maintain, and retrain without it"
        )
    if runs and behind_of(store):
        told.stays.append("what was pushed to the remote: delete it there")


def _runs_with(store: Store, digest: str) -> Iterator[tuple[str, str]]:
    """Yield the runs whose dataset has a picture, and what they did with it."""
    known: dict[str, str] = {}
    for summary in summaries(store):
        dataset = output_of(summary, "split")
        if dataset is None:
            continue
        if dataset not in known:
            known[dataset] = _side_in(store, dataset, digest)
        if known[dataset]:
            trained = output_of(summary, "train") is not None
            yield summary["id"], known[dataset] if trained else "looked at it"


def _side_in(store: Store, dataset: str, digest: str) -> str:
    """Return what a dataset did with a picture, in words; empty if it does not hold it, or is no longer stored."""
    try:
        for row in read_rows(store, store.manifest(dataset).ref(), DATASET, ("sha256", "split")):
            if row["sha256"] == digest:
                return _SIDES.get(row.get("split", ""), "read it")
    except StoreError:
        return ""
    return ""
