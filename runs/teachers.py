"""Teachers of a recipe that are models of the store: which they are, and from which images they learned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadInput
from runs.answering.model_meant import KERAS, model_meant
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import classes_of, range_in, read_table
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.records import Record
from storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.vision.teaching.teachers import Given
    from storage.steps.keys import KeyParts

_TEACHER = "teacher "  # of a name among a key's libraries, and among what a step was given
_MODEL = re.compile(r"model ([0-9a-f]{64}), (.+)")
_INSTEAD = "name another, or have one trained on the very training images: train.teacher: {recipe: NAME}"


def models_of(recipe: Recipe, store: Store) -> dict[str, str]:
    """Return {``teacher`` and how the recipe names it: its model's digest and file}, as a key has it.

    Raises:
        BadInput: there is no such model, or it is none that Keras reads.
    """
    teacher = recipe.train.teacher
    return {f"{_TEACHER}{ref}": _named(store, ref) for ref in (teacher.model if teacher else ())}


def _named(store: Store, ref: str) -> str:
    try:
        meant = model_meant(store, None, ref)
    except (BadInput, StoreError) as error:
        raise BadInput(f"train.teacher.model: {error}") from error
    if meant.format != KERAS:
        raise BadInput(f"train.teacher.model: expected a model, received {ref}, its {meant.format}: name the model")
    return f"model {meant.model}, {meant.file}"


def digests_in(libraries: Mapping[str, str]) -> dict[str, str]:
    """Return {``teacher`` and its name: digest of its model} of the parts of a key, for lineage."""
    found = {name: _MODEL.fullmatch(value) for name, value in libraries.items() if name.startswith(_TEACHER)}
    return {name: match[1] for name, match in found.items() if match}


def carried(run: Run, libraries: Mapping[str, str]) -> tuple[tuple[Record, ...], tuple[Ref, ...]]:
    """Return what a step that is done with another store needs of the models that teach in it.

    Args:
        run: whose store they are in.
        libraries: of the step's key.

    Returns:
        The records that tell what they, and those that taught them, learned from; and the artifacts: the models, and
        the datasets that the records name.

    Raises:
        BadInput: no record tells what one learned from, or its dataset is no longer stored.
        ArtifactMissing, ArtifactDamaged: a model is no longer stored.
    """
    known = _known(run)
    records: dict[str, Record] = {}
    artifacts: dict[Ref, None] = {}
    for name, digest in sorted(digests_in(libraries).items()):
        artifacts[run.store.manifest(digest).ref()] = None
        called = name.removeprefix(_TEACHER)
        for record in _that_made(known, digest, called):
            records[record.key] = record
            artifacts[_dataset_of(run.store, record, called)] = None
    return tuple(records.values()), tuple(artifacts)


def _known(run: Run) -> list[Record]:
    """Return the records of trainings: of the run's store, and those that came with what it does for another."""
    return list({record.key: record for record in (*run.records.all("train"), *run.made_by)}.values())


def _that_made(known: Sequence[Record], model: str, called: str) -> Iterator[Record]:
    """Yield the records of the trainings that made a model, and of those that made what taught it.

    Raises:
        BadInput: there is none of one.
    """
    records = [record for record in known if record.output.sha256 == model]
    if not records:
        raise BadInput(
            f"train.teacher: expected a model of which a record tells what it learned from; there is none of {called} "
            f"({model[:12]}), so it may know the images that this recipe is judged by: {_INSTEAD}"
        )
    for record in reversed(records):
        for name, digest in record.inputs.items():
            if name.startswith(_TEACHER):
                yield from _that_made(known, digest, f"a teacher of {called}")
        yield record


def given_teachers(run: Run, parts: KeyParts, folder: Path) -> list[Given]:
    """Return the models that teach in a step, with all that they learned from.

    Args:
        run: its store; of its recipe ``screen.range`` is read.
        parts: of the step's key, which says which models they are.
        folder: where their files are written.

    Raises:
        BadInput: no record tells what a model learned from, or its images' values meant something else.
        ArtifactMissing, ArtifactDamaged: a model is no longer stored.
    """
    from evergreen.vision.teaching.teachers import Given

    found: list[Given] = []
    for name in sorted(digests_in(parts.libraries)):
        match = _MODEL.fullmatch(parts.libraries[name])
        assert match is not None  # noqa: S101 - for the type checker: digests_in has found it
        digest, file = match[1], match[2]
        model, called = run.store.manifest(digest).ref(), name.removeprefix(_TEACHER)
        values = range_in(run.store.manifest(digest).facts)
        if values != run.recipe.screen.range:
            raise BadInput(
                f"train.teacher: expected a teacher of the same screen.range ({run.recipe.screen.range}); {called} was "
                f"trained with {values}, so the same picture is another to it: {_INSTEAD}"
            )
        target = folder / f"given-{len(found)}.keras"
        target.write_bytes(run.store.read(model, file))
        learned, images = learned_by(run.store, _known(run), digest, called)
        accuracy = _accuracy(run.store, model) if file == MODEL else None
        found.append(Given(called, target, classes_of(run.store, model), learned, images, accuracy))
    return found


def learned_by(store: Store, known: Sequence[Record], model: str, called: str) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return what a model learned from or was chosen by, and how many images of each of both it had itself.

    Its validation images count: they chose its epoch. What taught it counts too, with all that it learned from.

    Args:
        store: where datasets are.
        known: records of trainings.
        model: its digest.
        called: by a person, for messages.

    Returns:
        sha256, pixels and phash of every such image; and the two numbers, of the newest record.

    Raises:
        BadInput: no record tells, or a dataset is no longer stored or is of a version that did not say enough.
    """
    import pandas as pd

    from evergreen.datasets.known import COLUMNS  # takes NumPy, which no plan needs

    tables, own = [], (0, 0)
    for record in _that_made(known, model, called):
        dataset = _read(store, record, called)
        if lacks := sorted({*COLUMNS} - {*dataset}):
            raise BadInput(
                f"train.teacher: the dataset that {called} learned from is of an earlier version and lacks "
                f"{', '.join(lacks)}: {_INSTEAD}"
            )
        sides = dataset["split"].value_counts()
        if record.output.sha256 == model:
            own = int(sides.get("train", 0)), int(sides.get("validation", 0))
        tables.append(dataset.loc[dataset["split"] != "test", list(COLUMNS)])
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True), own


def _dataset_of(store: Store, record: Record, called: str) -> Ref:
    try:
        return store.manifest(record.inputs.get("split", "")).ref()
    except StoreError as error:
        raise _no_longer(called, error) from error


def _read(store: Store, record: Record, called: str) -> pd.DataFrame:
    try:
        return read_table(store, _dataset_of(store, record, called))
    except (StoreError, KeyError) as error:
        raise _no_longer(called, error) from error


def _no_longer(called: str, error: Exception) -> BadInput:
    return BadInput(
        f"train.teacher: the images that {called} learned from are no longer stored ({error}), so it may know those "
        f"that this recipe is judged by: {_INSTEAD}"
    )


def _accuracy(store: Store, model: Ref) -> float | None:
    """Return a model's accuracy on its own validation images, in the epoch that was kept; None if it does not say."""
    if "history.csv" not in store.manifest(model.sha256).files:
        return None
    history = read_table(store, model, "history.csv")
    kept = history[history["kept"].astype(str) == "True"] if "kept" in history else history.head(0)
    return float(kept["val_accuracy"].iloc[0]) if len(kept) else None
