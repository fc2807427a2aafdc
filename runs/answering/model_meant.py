"""Which model a person means: the champion, or that of a run, an artifact, or an exported file or folder."""

import difflib
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.errors import BadInput
from evergreen.paths import is_file, is_folder, path_of
from evergreen.vision.formats.registry import OPEN_PREDICTOR
from runs.answering.in_charge import in_charge
from runs.model_file import MODEL
from runs.summaries.summary import named_run, output_of
from storage.artifacts import Manifest
from storage.digests import sha256_file
from storage.errors import StoreError
from storage.steps import lineage
from storage.steps.records import Records
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.vision.predict import Model

KERAS = "keras"
# The steps whose outputs belong to a model, and what a release calls these outputs.
_ABOUT = ("split", "train", "evaluate", "export")
_PARTS = {"dataset": "split", "model": "train", "evaluation": "evaluate", "exports": "export"}


@dataclass(frozen=True)
class Meant:
    """A model that answers, and what belongs to it; artifacts by their digests.

    Attributes:
        recipe: name of the recipe that it is of; empty if no record tells.
        run: id of the run it was named by, if it was.
        model: what train gave.
        file: the Keras file inside that.
        dataset: what split gave, if it is known.
        evaluation: what evaluate gave, if it is known.
        exports: what export gave, if it is known.
        format: keras, or the export format in which it answers.
        caution: of a model that nobody named, why its answers are to be taken with care; else empty.
        champion: whether it answers since it is its recipe's champion, and not since somebody named it, or since no
            other is there.
    """

    recipe: str
    run: str | None
    model: str
    file: str = MODEL
    dataset: str | None = None
    evaluation: str | None = None
    exports: str | None = None
    format: str = KERAS
    caution: str = ""
    champion: bool = False


def model_meant(store: Store, recipe: str | None, ref: str | None) -> Meant:
    """Return the model that a reference names; without one, the champion's.

    Args:
        store: where it is.
        recipe: only of this recipe; None takes the newest run's.
        ref: a run's id, a digest or its beginning, the path of an exported file or folder, or None.

    Raises:
        BadInput: there is none, or it is no model.
        ArtifactMissing: the store does not know the digest, or several begin like it; or files of the champion are
            missing.
    """
    if ref is None:
        return _of_who_is_in_charge(store, recipe)
    if recipe is not None:
        raise BadInput(f"expected a recipe or a model, received both: {recipe} and {ref}")
    path = path_of(ref)
    if summary := named_run(store, ref):
        return _of_run(store, summary)
    if is_folder(path):
        return _of_folder(store, path)
    if is_file(path):
        return _of_file(store, path)
    if "/" in ref:
        raise BadInput(f"expected a run's id, a digest, or an exported file or folder; there is nothing at {ref}")
    return _of_artifact(store, lineage.find(store, ref), ref)


def in_format(store: Store, meant: Meant, wanted: str | None) -> Meant:
    """Return the model in the format that is wanted; ``tflite`` alone is ``tflite-float32``.

    Raises:
        BadInput: there is no such format, or the model was not exported in it.
    """
    if wanted is None or wanted == meant.format:
        return meant
    name = "tflite-float32" if wanted == "tflite" else wanted
    known = [KERAS, *(other for other in OPEN_PREDICTOR if other != KERAS)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(f"expected a format of {', '.join(known)}, received {wanted!r}.{hint}")
    if name == KERAS:
        return replace(meant, format=KERAS)
    for digest in _exports_of(store, meant):
        if name in _formats(_manifest(store, digest)):
            return replace(meant, exports=digest, format=name)
    raise BadInput(
        f"the model {meant.model[:12]} was not exported as {name}; run: "
        f"evergreen retrain {meant.recipe or 'RECIPE'} --set 'export.formats=[{name}]'"
    )


def opened_keras(store: Store, meant: Meant, folder: Path, classes: list[str]) -> "Model":
    """Write what training kept into a folder, checked, and open it.

    Raises:
        ArtifactMissing, ArtifactDamaged: it is not whole.
        ExportRefused: Keras refuses it.
    """
    from evergreen.vision.predict import open_keras

    (folder / MODEL).write_bytes(store.read(store.manifest(meant.model).ref(), meant.file))
    return open_keras(folder / MODEL, classes)


def _of_who_is_in_charge(store: Store, recipe: str | None) -> Meant:
    found = in_charge(store, recipe)
    if not found.parts and found.run:
        return replace(_of_run(store, found.run), caution=found.caution)
    made = {step: found.parts[part].sha256 for part, step in _PARTS.items()}
    meant = _completed(store, made, found.recipe, found.run["id"] if found.run else None)
    return replace(meant, caution=found.caution, champion=True)


def _of_run(store: Store, summary: dict[str, Any]) -> Meant:
    made = {step: digest for step in _ABOUT if (digest := output_of(summary, step))}
    if "train" not in made:
        raise BadInput(f"the run {summary['id']} ({summary['outcome']}) has no model: name one that trained")
    return _completed(store, made, summary["recipe"], summary["id"])


def _of_artifact(store: Store, digest: str, ref: str) -> Meant:
    """Return the model that an artifact is, or was made from."""
    top = lineage.trace(store, digest)
    made: dict[str, str] = {}
    waiting = deque([top])
    while waiting:  # what is nearest counts: further up there may be other models, compared with this one
        node = waiting.popleft()
        step = node.step or ("train" if node.kind == "model" else "")
        if step in _ABOUT:
            made.setdefault(step, node.artifact)
        waiting.extend(node.inputs.values())
    if "train" not in made:
        raise BadInput(f"{ref} is of the kind {top.kind}, which no model went into: name a model, an export or a run")
    return _completed(store, made, None, None)


def _of_file(store: Store, path: Path) -> Meant:
    """Return the model of an exported file, or of a Keras file, by its bytes."""
    sha256 = sha256_file(path)
    try:
        digest = lineage.find(store, sha256)
    except StoreError:
        raise BadInput(
            f"{path} is no file that this store exported ({store.root}): how images are brought to its size is not "
            "known. Name the store with --store"
        ) from None
    manifest = store.manifest(digest)
    name = next(name for name, blob in manifest.files.items() if blob.sha256 == sha256)
    meant = _of_artifact(store, digest, str(path))
    if manifest.kind == "model" and name.endswith(".keras"):
        return replace(meant, file=name)
    if (file_format := name.split("/")[0]) in _formats(manifest):
        return replace(meant, format=file_format)
    raise BadInput(f"{path} is {name} of the artifact {digest[:12]}, no model: name a model's file or its folder")


def _of_folder(store: Store, folder: Path) -> Meant:
    """Return the model whose export, or whose exports, a folder holds, every file of it unchanged."""
    held = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    digests: dict[str, str] = {}
    for record in Records(store).all("export"):
        manifest = _manifest(store, record.output.sha256)
        for name in ("", *_formats(manifest)):
            under = f"{name}/" if name else ""
            stored = _files(manifest).items()
            files = {file.removeprefix(under): blob.sha256 for file, blob in stored if file.startswith(under)}
            if not files or not set(files) <= set(held):
                continue
            digests |= {file: sha256_file(held[file]) for file in files if file not in digests}
            if all(digests[file] == sha256 for file, sha256 in files.items()):
                meant = _of_artifact(store, record.output.sha256, str(folder))
                return replace(meant, format=name) if name else meant
    raise BadInput(f"{folder} holds no export of this store ({store.root}), whole and unchanged")


def _completed(store: Store, made: dict[str, str], recipe: str | None, run: str | None) -> Meant:
    """Add what the records tell of a model and was not named."""
    model = made["train"]
    records = Records(store)
    trained = next((record for record in records.all("train") if record.output.sha256 == model), None)
    if trained and "split" not in made:
        made["split"] = trained.inputs["split"]
    for record in records.all("evaluate"):
        if record.inputs.get("train") == model:
            made.setdefault("evaluate", record.output.sha256)
    return Meant(
        recipe=recipe or (trained.recipe if trained else ""),
        run=run,
        model=model,
        dataset=made.get("split"),
        evaluation=made.get("evaluate"),
        exports=made.get("export"),
    )


def _exports_of(store: Store, meant: Meant) -> list[str]:
    """Return every export of a model: the one it was named with, then the others, newest first."""
    others = [record.output.sha256 for record in Records(store).all("export") if record.inputs["train"] == meant.model]
    return [meant.exports, *others] if meant.exports else others


def _manifest(store: Store, digest: str) -> Manifest | None:
    try:
        return store.manifest(digest)
    except StoreError:
        return None


def _files(manifest: Manifest | None) -> dict[str, Any]:
    return dict(manifest.files) if manifest else {}


def _formats(manifest: Manifest | None) -> list[str]:
    return list(manifest.facts.get("formats", ())) if manifest else []
