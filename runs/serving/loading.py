"""From a release in the store to a model that workers can open: its files checked and copied, its facts read."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from evergreen.errors import BadInput
from evergreen.release.golden import FILE, FOLDER, Golden
from evergreen.sections.data import Image
from runs.answering.reading import screen_of
from runs.releases import parts_of, recipe_of
from runs.serving.answers import Answered, Release
from runs.serving.choice import choose
from runs.serving.workers.place import Model
from runs.tables import CALIBRATION, read_json
from storage.artifacts import Ref
from storage.champions import Champions
from storage.errors import ArtifactMissing
from storage.runs import summaries
from storage.store import Store

_LABELS = "labels.txt"


@dataclass(frozen=True)
class Loaded:
    """A release that is about to be opened.

    Attributes:
        release: what is known of it.
        model: what workers open.
        words: which format answers and why, and whether it can be proved; for people.
        images: the golden ones, that it is shown first.
        golden: what it answered to them when it was verified; None if its release is of before there were any.
        proving: the model with the limits under which it was verified, where ``model`` has narrower ones.
    """

    release: Release
    model: Model
    words: str
    images: tuple[bytes, ...] = ()
    golden: Golden | None = None
    proving: Model | None = None

    def judge(self, answers: Sequence[Answered]) -> str:
        """Return what is wrong with the answers to the golden images, in words; empty if nothing is."""
        if wrong := next((one for one in answers if one.error), None):
            return f"golden image {wrong.sha256[:12]}: {wrong.error}"
        if self.golden is None:
            return ""
        return self.golden.mismatch(self.release.format, self.release.classes, [one.scores for one in answers])


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
    said = store.manifest(release).facts.get("serve", {}).get("format")
    loaded = load_parts(store, recipe, release, parts_of(store, release), folder, said, wanted, megapixels)
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
    said: str | None = None,
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
        said: the format that the recipe says.
        wanted: the export format that is to answer.
        megapixels: of the largest image.
    """
    exports, model = parts["exports"], parts["model"]
    facts = store.manifest(model.sha256).facts
    classes = list(facts["classes"])
    proofs = _proofs(store, parts.get("verification"))
    formats = list(store.manifest(exports.sha256).facts["formats"])
    chosen, words = choose(recipe, formats, proofs, said, wanted)
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
    limits = screen.max_megapixels, float(screen.seconds_per_image), screen.range
    verified = opened = Model(name, folder, fed, limits)
    if megapixels is not None and megapixels < screen.max_megapixels:
        opened = replace(verified, limits=(megapixels, *limits[1:]))
    golden, images, gone = _golden(store, parts.get("verification"), chosen)
    lost = f", {gone} no longer stored" if gone else ""
    if golden is None:
        return Loaded(release, opened, f"{words}; no golden images{lost}: not proved here")
    proving = verified if opened != verified else None
    return Loaded(release, opened, f"{words}; {len(images)} golden images{lost}", images, golden, proving)


def _proofs(store: Store, verification: Ref | None) -> dict[str, str]:
    """Return what each format showed when it was verified: format -> passed, failed, not verified."""
    if verification is None:
        return {}
    return {proof["format"]: proof["verified"] for proof in read_json(store, verification, "verification.json")}


def _golden(store: Store, verification: Ref | None, name: str) -> tuple[Golden | None, tuple[bytes, ...], int]:
    """Return the golden answers of a format, the images, and how many are gone; None where there are none."""
    if verification is None or FILE not in store.manifest(verification.sha256).files:
        return None, (), 0
    golden = Golden.from_json(read_json(store, verification, FILE))
    if name not in golden.answers:
        return None, (), 0
    there: dict[str, bytes] = {}
    for digest in golden.names:
        with contextlib.suppress(ArtifactMissing):  # `evergreen feedback --forget` may have deleted it
            there[digest] = store.read(verification, f"{FOLDER}{digest}")
    return golden.only(there) if there else None, tuple(there.values()), len(golden.names) - len(there)


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
