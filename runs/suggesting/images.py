"""Which images without a label there are, of a recipe's dataset or of a folder, and which have one by now."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.datasets.deciding.undecided import is_open
from evergreen.datasets.labelling.words import some
from evergreen.decisions.decision import RELABEL
from evergreen.errors import BadInput
from evergreen.images.processors import image_threads
from evergreen.recipe import Recipe
from evergreen.sections.base import Range
from evergreen.sections.refusing.told import TRY
from evergreen.sources.given import named
from evergreen.steps import STEPS
from evergreen.tables import UNLABELLED
from runs.kept.caches import memo_of
from runs.plan import plan
from runs.serving.feedback.asking import Kept
from runs.serving.feedback.confirmed import shown
from runs.serving.feedback.log import Log, log_at
from runs.summaries.summary import output_of
from runs.tables import classes_of, range_in, read_table
from storage.artifacts import Ref
from storage.digests import sha256_bytes, sha256_file
from storage.errors import StoreError
from storage.runs import summaries
from storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

_DATA = ("probe", "acquire", "unpack", "repair", "screen", "split")
_SHOWN = 5
WHERE_THEY_LIE = (
    "images below a folder called unlabelled in the recipe's source, and in the recipe "
    "repair.subsets: {unlabelled: unlabelled}"
)


@dataclass(frozen=True)
class Dataset:
    """A recipe's images as they are in the store, with what people decided since.

    Attributes:
        unlabelled: path, sha256, pixels, phash, width, height of the images without a label about which nobody decided.
        labelled: the same and label, split, of the others; empty in split where the split has not dealt it.
        classes: class names in order.
        bits: how far apart perceptual hashes of near-duplicates are.
        values: ``screen.range``.
        decided: how many images without a label people decided about.
        notes: what a person should know, a sentence each.
    """

    unlabelled: "pd.DataFrame"
    labelled: "pd.DataFrame"
    classes: list[str]
    bits: int
    values: Range | None
    decided: int
    notes: list[str]


@dataclass(frozen=True)
class Found:
    """Images of a folder.

    Attributes:
        table: path, sha256, pixels, phash, width, height of those that can be used.
        paths: SHA-256 -> where its bytes lie.
        notes: what was left out, a sentence each.
        log: whose pictures these are, where a service kept them.
    """

    table: "pd.DataFrame"
    paths: Mapping[str, Path] = field(repr=False)
    notes: list[str]
    log: Log | None = None


def dataset_of(recipe: Recipe, store: Store) -> Dataset:
    """Return a recipe's images: as it says now if that has run, else as its newest run had them, which is said.

    An image that a person has given a label since is labelled; one that is left out, or shall have none, is neither.

    Raises:
        BadInput: no run of it has looked at its images yet; or the source is not there.
    """
    screened, divided, notes = _outputs(recipe, store)
    table = read_table(store, screened)
    free = table["subset"] == UNLABELLED
    made = recipe.decisions.made
    now = {digest: one.label for digest, one in made.items() if one.what == RELABEL}
    waiting = free & table["sha256"].map(lambda digest: is_open(made.get(digest), "")).astype(bool)
    labelled = table[~free | table["sha256"].isin(now.keys())].copy()
    labelled["label"] = labelled["sha256"].map(now).fillna(labelled["label"])
    split = {} if divided is None else dict(read_table(store, divided)[["path", "split"]].to_numpy().tolist())
    labelled["split"] = [split.get(path, "") for path in labelled["path"]]
    if decided := int((free & ~waiting).sum()):
        notes.append(f"{decided:,} of {int(free.sum()):,} images without a label are decided by now: not asked about")
    facts = store.manifest(screened.sha256).facts
    return Dataset(
        unlabelled=table[waiting].reset_index(drop=True),
        labelled=labelled.reset_index(drop=True),
        classes=classes_of(store, screened),
        bits=int(facts["near_duplicate_bits"]),
        values=range_in(facts),
        decided=decided,
        notes=notes,
    )


def _outputs(recipe: Recipe, store: Store) -> tuple[Ref, Ref | None, list[str]]:
    """Return what screen and split gave, the second None if it refused, and what is to be said of it."""
    entries = {entry.name: entry for entry in plan(recipe, store, [step for step in STEPS if step.name in _DATA])}
    outputs = {name: entry.output for name, entry in entries.items() if entry.state == "reused"}
    if screened := outputs.get("screen"):
        return screened, outputs.get("split"), []
    for summary in summaries(store, recipe.name):
        if (found := _kept(store, output_of(summary, "screen"))) is not None:
            waiting = next(entry for entry in entries.values() if entry.state != "reused")
            said = (
                f"the images are those of run {summary['id']}: {waiting.name} would run anew ({waiting.reason}). "
                f"evergreen inspect {recipe.typed.recipe or recipe.name} looks at what is there now"
            )
            return found, _kept(store, output_of(summary, "split")), [] if _decided_alone(waiting.reason) else [said]
    raise BadInput(
        f"expected a run that has looked at the images of {recipe.name} in {store.root}, found none"
        f"\n{TRY}evergreen inspect {recipe.typed.recipe or recipe.name}"
    )


def _decided_alone(reason: str) -> bool:
    """Whether all for which a step would run anew is that people decided something, which is taken into account."""
    return all(part.startswith("decisions.") for part in reason.split("; "))


def _kept(store: Store, digest: str | None) -> Ref | None:
    """Return an artifact that a run published, if it is still there."""
    try:
        return store.manifest(digest).ref() if digest else None
    except StoreError:
        return None


def read_file(paths: Mapping[str, Path], digest: str) -> bytes:
    """Return the bytes of a SHA-256 that lie at a path.

    Raises:
        BadInput: they cannot be read, or are others by now.
    """
    try:
        data = paths[digest].read_bytes()
    except OSError as error:
        raise BadInput(f"{paths[digest]} cannot be read any more: {error.strerror or error}") from None
    if sha256_bytes(data) != digest:
        raise BadInput(f"{paths[digest]} was changed meanwhile: ask again")
    return data


def folder_of(folder: str, recipe: Recipe, store: Store) -> Found:
    """Return the images of a folder, through the door as the recipe's own are; what cannot be used is said.

    Raises:
        BadInput: there is no such folder, or no image in it.
        DecodersUnavailable: as ``screen``.
    """
    path = Path(os.path.expanduser(folder))  # noqa: PTH111 - as ``named`` reads it
    if not path.is_dir():
        raise BadInput(f"--from: expected a folder of images on this machine, received {folder!r}")
    if log := log_at(path, recipe.name):
        return replace(_of_log(log, folder, recipe, store), log=log)
    given = named([folder])
    paths: dict[str, Path] = {}
    rows, notes = [], []
    unread = []
    for one in given.images:
        try:
            if one.path is None:
                one.read()  # raises why it cannot be had
                continue
            digest = sha256_file(one.path)
        except (OSError, BadInput) as error:
            unread.append(f"{one.name} ({getattr(error, 'strerror', None) or error})")
            continue
        paths.setdefault(digest, one.path.absolute())
        rows.append((one.name, "", digest, one.path.stat().st_size, UNLABELLED))
    if given.skipped:
        are = "file of {} is no image by its name" if given.skipped == 1 else "files of {} are no images by their names"
        notes.append(f"{given.skipped:,} {are.format(folder)}: left out")
    return _screened(rows, paths, unread, notes, folder, recipe, store)


def _of_log(log: Log, folder: str, recipe: Recipe, store: Store) -> Found:
    """Return the pictures of a log of which nobody has said or decided what they are.

    Raises:
        BadInput: there is none.
    """
    kept = Kept.of(log, recipe)
    paths = {digest: log.picture(digest) for digest in kept.free()}
    sizes = {digest: path.stat().st_size for digest, path in paths.items() if path.is_file()}
    rows = [(shown(digest), "", digest, size, UNLABELLED) for digest, size in sizes.items()]
    others = len(kept.pictures) - len(rows)
    notes = []
    if others:
        notes.append(
            f"of {others:,} pictures that are kept somebody said or decided what they are: evergreen feedback "
            f"{recipe.name} asks about them"
        )
    if not rows:
        raise BadInput(f"--from: expected pictures in {log.folder} of which nobody said what they are, found none")
    return _screened(rows, paths, [], notes, folder, recipe, store)


def _screened(
    rows: list[tuple[str, str, str, int, str]],
    paths: Mapping[str, Path],
    unread: list[str],
    notes: list[str],
    folder: str,
    recipe: Recipe,
    store: Store,
) -> Found:
    """Return what of some files is an image; raises as ``folder_of``."""
    import pandas as pd

    from evergreen.datasets.screen import screen

    table = pd.DataFrame(rows, columns=["path", "label", "sha256", "bytes", "subset"])

    read = partial(read_file, paths)
    found = screen(table, read, paths.__getitem__, recipe.screen, memo_of(store, recipe.screen), image_threads())
    bad = [f"{row['path']} ({row['reason']})" for row in found.quarantine.to_dict("records")]
    if unusable := unread + bad:
        images = "image" if len(unusable) == 1 else "images"
        notes.append(f"{len(unusable):,} {images} of {folder} cannot be used: {some(unusable, _SHOWN)}")
    if found.accepted.empty:
        raise BadInput(
            f"--from: expected images in {folder}, found none that can be used: {'; '.join(notes) or 'empty'}"
        )
    return Found(found.accepted, paths, notes)
