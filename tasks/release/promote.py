"""promote: make the challenger champion if it won, and write down what became of it either way."""

from runs.run import Run
from runs.shared.sharing import committed
from runs.standing import decide
from storage.artifacts import Ref
from storage.champions import Champions, Event
from tasks.step import remark, step


@step("promote")
def promote(run: Run, challenger: Ref, champion: Ref, comparison: Ref) -> Ref:
    """Move the title, unless another run moved it since the comparison; a challenger that lost is kept by name."""
    recipe, champions = run.recipe.name, Champions(run.store.root)
    decision = decide(run.store, recipe, challenger, champion, comparison, run.id)
    if decision.event and not _told(champions.history(recipe), decision.event):
        decision, why_not = committed(run, decision)
        if why_not:
            remark(why_not)
    return run.store.publish(decision.manifest.kind, {}, decision.manifest.facts)


def _told(history: list[Event], event: Event) -> bool:
    """Whether the newest line about this release says just that: an unchanged run says it once."""
    last = next((earlier for earlier in reversed(history) if earlier.release == event.release), None)
    return last is not None and (last.event, last.reason) == (event.event, event.reason) and event.event != "promoted"
