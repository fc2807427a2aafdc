"""challenge: name the champion that the challenger meets."""

from runs.run import Run
from runs.standing import opponent_of
from storage.artifacts import Ref
from tasks.step import step


@step("challenge")
def challenge(run: Run, challenger: Ref) -> Ref:
    """Ask who the champion is; asked on every run, since people and other runs may change it."""
    manifest = opponent_of(run.store, run.recipe.name, challenger)
    return run.store.publish(manifest.kind, {}, manifest.facts)
