"""From a release in the store to a model that workers can open: its files checked and copied, its facts read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from evergreen.errors import BadInput
from evergreen.sections.data import Image
from runs.answering.reading import screen_of
from runs.releases import parts_of, recipe_of
from runs.serving.answers import Answered, Release
from runs.serving.workers.place import Model
from runs.tables import CALIBRATION, read_json
from storage.artifacts import Ref
from storage.champions import Champions
from storage.errors import ArtifactMissing
from storage.runs import summaries
from storage.store import Store

_LABELS = "labels.txt"
_FORMATS = ("tflite-int8", "tflite-float32", "tflite-float16", "tflite-dynamic")


@dataclass(frozen=True)
class Loaded:
    """A release that is about to be opened.

    Attributes:
        release: what is known of it.
        model: what workers open.
        golden: images that it is shown first.
        judge: says what is wrong with its answers to them; empty if nothing is.
        words: which format answers and why, and what could not be proved; for people.
    """

    release: Release
    model: Model
    golden: tuple[bytes, ...]
    words: str

    def judge(self, answers: Sequence[Answered]) -> str:
        """Return what is wrong with the answers to the golden images, in words; empty if nothing is."""
        return next((f"golden image {one.sha256[:12]}: {one.error}" for one in answers if one.error), "")


def load_release(
    store: Store, release: str, folder: Path, wanted: str | None = None, megapixels: float | None = None
) -> Loaded:
    """Read a release and copy what answers.

    Args:
        store: where it is.
        release: its SHA-256.
        folder: new; the model's files go there.
        wanted: the export format that is to answer; None takes what the release says.
        megapixels: of the largest image, where the recipe allows more.

    Raises:
        BadInput: it has no such format, or its labels are not its model's classes.
        ArtifactMissing, ArtifactDamaged: something of it is not whole.
    """
    recipe = recipe_of(store, release)
    loaded = load_parts(store, recipe, release, parts_of(store, release), folder, wanted, megapixels)
    state = Champions(store.root).state(recipe)
    if state.champion is None or state.champion.release != release:
        return loaded
    return replace(loaded, release=replace(loaded.release, since=state.champion.since))


def load_parts(
    store: Store,
    recipe: str,
    name: str,
    parts: Mapping[str, Ref],
    folder: Path,
    wanted: str | None = None,
    megapixels: float | None = None,
) -> Loaded:
    """Read what a release names, or what a run without a release made; arguments and errors as ``load_release``.

    Args:
        store: where it is.
        recipe: the recipe's name.
        name: the digest under which it is asked.
        parts: dataset, model, evaluation, exports, and verification if there is one.
        folder: new; the model's files go there.
        wanted: the export format that is to answer.
        megapixels: of the largest image.
    """
    exports, model = parts["exports"], parts["model"]
    facts = store.manifest(model.sha256).facts
    classes = list(facts["classes"])
    there = [one for one in store.manifest(exports.sha256).facts["formats"] if one in _FORMATS]
    chosen = wanted or next((one for one in _FORMATS if one in there), "")
    if chosen not in there:
        raise BadInput(
            f"{recipe}: expected {wanted or 'a TFLite format'} among its exports, which are "
            f"{', '.join(store.manifest(exports.sha256).facts['formats'])}; run: evergreen retrain {recipe} "
            f"--set 'export.formats=[{wanted or 'tflite-int8'}]'"
        )
    store.materialise(exports, folder, under=f"{chosen}/")
    labels = (folder / _LABELS).read_text(encoding="utf-8").splitlines()
    if labels != classes:
        raise BadInput(f"{recipe}: expected the labels {', '.join(classes)}, {chosen} holds {', '.join(labels)}")
    image, screen = Image.model_validate(facts["image"]), screen_of(store, model.sha256, parts["dataset"].sha256)
    release = Release(
        recipe=recipe,
        release=name,
        model=model.sha256,
        format=chosen,
        classes=tuple(classes),
        image=image,
        screen=screen,
        threshold=_threshold(store, parts["evaluation"]),
        run=_run_of(store, recipe, exports.sha256),
    )
    fed = {name: getattr(image, name) for name in ("height", "width", "resize", "interpolation")}
    if megapixels is not None and megapixels < screen.max_megapixels:
        screen = screen.model_copy(update={"max_megapixels": megapixels})
    limits = screen.max_megapixels, float(screen.seconds_per_image), screen.range
    return Loaded(release, Model(name, folder, fed, limits), (), f"{chosen}; no golden images: not proved here")


def _threshold(store: Store, evaluation: Ref) -> float | None:
    """Return ``Release.threshold``."""
    try:
        chosen = read_json(store, evaluation, CALIBRATION)["unsure_below"]
    except ArtifactMissing:  # an evaluation of before there was a threshold
        return None
    return inf if chosen is None else float(chosen)


def _run_of(store: Store, recipe: str, exports: str) -> str | None:
    """Return the id of the newest run with these exports, if any is left."""
    for summary in summaries(store, recipe):
        if exports in [step["output"] for step in summary["steps"]]:
            return str(summary["id"])
    return None
