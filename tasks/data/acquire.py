"""acquire: bring the source's bytes here."""

from evergreen.sources.acquire import acquire as bring
from storage.artifacts import Ref
from tasks.run import Run
from tasks.step import step


@step("acquire", retries=2)
def acquire(run: Run, token: Ref) -> Ref:
    """Fetch the archives of the version that probe saw."""
    source = run.store.manifest(token.sha256).facts
    return run.store.publish("archive", bring(run.recipe.source), {"address": source["address"]})
