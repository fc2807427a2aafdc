"""probe: ask the source for its version."""

from runs.run import Run
from runs.source import KIND, ask_source, context_of
from storage.artifacts import Ref
from tasks.progress import DownloadProgress
from tasks.secret import open_secret
from tasks.step import remark, step


@step("probe", retries=2)
def probe(run: Run) -> Ref:
    """Ask the source for its version; asked on every run, so that a new version is seen."""
    with run.store.workspace():  # also turns a full disk into words
        asked = ask_source(
            run.recipe, run.store, run.records, context_of(run.store, open_secret, DownloadProgress(run.name))
        )
    if asked.remark:
        remark(asked.remark)
    return run.store.publish(KIND, {}, asked.manifest.facts)
