"""compare: champion and challenger on the same images."""

from pathlib import Path

from evergreen.release.judge import Challenger
from evergreen.sections.data import Image
from evergreen.vision.compare import Champion
from evergreen.vision.compare import compare as judge
from runs.kept.caches import images_of
from runs.model_file import MODEL
from runs.releases import whole_parts_of
from runs.run import Run
from runs.tables import classes_of, range_in, read_json, read_table, to_json
from storage.artifacts import Ref
from tasks.step import step


@step("compare")
def compare(run: Run, screened: Ref, dataset: Ref, evaluation: Ref, verification: Ref, champion: Ref) -> Ref:
    """Judge the challenger by the recipe's gate, on images that the champion never learned from."""
    store = run.store
    challenger = Challenger(
        dataset=read_table(store, dataset),
        classes=classes_of(store, dataset),
        predictions=read_table(store, evaluation, "predictions.csv"),
        fit=read_json(store, evaluation, "verdict.json")["verdict"],
        verified={proof["format"]: proof["verified"] for proof in read_json(store, verification, "verification.json")},
    )
    bits = int(store.manifest(screened.sha256).facts["near_duplicate_bits"])
    release = store.manifest(champion.sha256).facts["release"]
    with store.workspace() as folder:
        to_beat = _champion(run, release, folder) if release else None
        images = images_of(run, to_beat.values if to_beat else None)
        found = judge(challenger, to_beat, images, bits, run.recipe.gate)
    facts = {"verdict": found.verdict, "summary": found.summary}
    return store.publish("comparison", {"comparison.json": to_json(found.as_json())}, facts)


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
