"""Teachers of a recipe that are models of the store: which they are, and from which images they learned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadInput
from runs.answering.model_meant import KERAS, model_meant
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import classes_of, range_in, read_table
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.records import Records
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
        learned, images = learned_by(run.store, digest, called)
        accuracy = _accuracy(run.store, model) if file == MODEL else None
        found.append(Given(called, target, classes_of(run.store, model), learned, images, accuracy))
    return found


def learned_by(store: Store, model: str, called: str) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return what a model learned from or was chosen by, and how many images of each of both it had itself.

    Its validation images count: they chose its epoch. What taught it counts too, with all that it learned from.

    Args:
        store: where records are.
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
    records = [record for record in Records(store).all("train") if record.output.sha256 == model]
    if not records:
        raise BadInput(
            f"train.teacher: expected a model of which a record tells what it learned from; there is none of {called} "
            f"({model[:12]}), so it may know the images that this recipe is judged by: {_INSTEAD}"
        )
    for record in reversed(records):
        dataset = _dataset(store, record.inputs.get("split", ""), called)
        if lacks := sorted({*COLUMNS} - {*dataset}):
            raise BadInput(
                f"train.teacher: the dataset that {called} learned from is of an earlier version and lacks "
                f"{', '.join(lacks)}: {_INSTEAD}"
            )
        sides = dataset["split"].value_counts()
        own = int(sides.get("train", 0)), int(sides.get("validation", 0))
        tables.append(dataset.loc[dataset["split"] != "test", list(COLUMNS)])
        teachers = (digest for name, digest in record.inputs.items() if name.startswith(_TEACHER))
        tables += [learned_by(store, digest, f"a teacher of {called}")[0] for digest in teachers]
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True), own


def _dataset(store: Store, digest: str, called: str) -> pd.DataFrame:
    try:
        return read_table(store, store.manifest(digest).ref())
    except (StoreError, KeyError) as error:
        raise BadInput(
            f"train.teacher: the images that {called} learned from are no longer stored ({error}), so it may know "
            f"those that this recipe is judged by: {_INSTEAD}"
        ) from error


def _accuracy(store: Store, model: Ref) -> float | None:
    """Return a model's accuracy on its own validation images, in the epoch that was kept; None if it does not say."""
    if "history.csv" not in store.manifest(model.sha256).files:
        return None
    history = read_table(store, model, "history.csv")
    kept = history[history["kept"].astype(str) == "True"] if "kept" in history else history.head(0)
    return float(kept["val_accuracy"].iloc[0]) if len(kept) else None
