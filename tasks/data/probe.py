"""probe: ask the source for its version."""

from storage.artifacts import Ref
from tasks.run import Run
from tasks.source import KIND, source_facts
from tasks.step import step


@step("probe", retries=2)
def probe(run: Run) -> Ref:
    """Ask the source for its version; asked on every run, so that a new version is seen."""
    return run.store.publish(KIND, {}, source_facts(run.recipe, run.store))
