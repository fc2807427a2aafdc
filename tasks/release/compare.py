"""compare: champion and challenger on the same images."""

from runs.run import Run
from runs.shared.meeting import judged
from runs.tables import to_json
from storage.artifacts import Ref
from tasks.step import step


@step("compare")
def compare(run: Run, screened: Ref, dataset: Ref, evaluation: Ref, verification: Ref, champion: Ref) -> Ref:
    """Judge the challenger by the recipe's gate, on images that the champion never learned from."""
    bits = int(run.store.manifest(screened.sha256).facts["near_duplicate_bits"])
    release = run.store.manifest(champion.sha256).facts["release"]
    found = judged(run, dataset, evaluation, verification, release, bits)
    facts = {"verdict": found.verdict, "summary": found.summary}
    return run.store.publish("comparison", {"comparison.json": to_json(found.as_json())}, facts)
