"""What the gate says of a challenger and the champion that it meets, whichever machine made that. Knows no Prefect."""

from pathlib import Path

from evergreen.release.judge import Challenger, Comparison
from evergreen.sections.data import Image
from evergreen.vision.compare import Champion, compare
from runs.kept.caches import images_of
from runs.model_file import MODEL
from runs.releases import whole_parts_of
from runs.run import Run
from runs.tables import classes_of, range_in, read_json, read_table
from storage.artifacts import Ref


def judged(
    run: Run, dataset: Ref, evaluation: Ref, verification: Ref, champion: str | None, near_duplicate_bits: int
) -> Comparison:
    """Judge a challenger by the recipe's gate, on images that the champion never learned from.

    Args:
        run: whose store and whose recipe's gate it is.
        dataset: of the challenger, with its images in the store.
        evaluation: of the challenger.
        verification: of the challenger.
        champion: the release to beat, here or behind the store; None if there is none.
        near_duplicate_bits: how far apart perceptual hashes of near-duplicates are, in bits.

    Raises:
        ArtifactMissing, ArtifactDamaged: the champion is not whole, or an image cannot be read.
        ExportRefused: Keras refuses the champion's model.
    """
    store, gate = run.store, run.recipe.gate
    challenger = Challenger(
        dataset=read_table(store, dataset),
        classes=classes_of(store, dataset),
        predictions=read_table(store, evaluation, "predictions.csv"),
        fit=read_json(store, evaluation, "verdict.json")["verdict"],
        shortcuts=() if gate.max_shortcut_loss is None else read_json(store, evaluation, "shortcuts.json")["changes"],
        verified={proof["format"]: proof["verified"] for proof in read_json(store, verification, "verification.json")},
    )
    with store.workspace() as folder:
        to_beat = _champion(run, champion, folder) if champion else None
        images = images_of(run, to_beat.values if to_beat else None)
        return compare(challenger, to_beat, images, near_duplicate_bits, gate)


def _champion(run: Run, release: str, folder: Path) -> Champion:
    parts = whole_parts_of(run.store, release)
    run.store.materialise(parts["model"], folder)
    facts = run.store.manifest(parts["model"].sha256).facts
    return Champion(
        dataset=read_table(run.store, parts["dataset"]),
        classes=list(facts["classes"]),
        image=Image.model_validate(facts["image"]),
        model_file=folder / MODEL,
        values=range_in(facts),
    )
