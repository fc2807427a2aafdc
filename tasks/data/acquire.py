"""acquire: bring the source's bytes here."""

from pathlib import Path

from evergreen.sources.acquire import LocalFile
from evergreen.sources.acquire import acquire as bring
from storage.artifacts import Blob, Ref
from tasks.run import Run
from tasks.source import indexes
from tasks.step import step


@step("acquire", retries=2)
def acquire(run: Run, token: Ref) -> Ref:
    """Fetch the archives of the version that probe saw; of a folder, the files that are not stored yet."""
    facts = run.store.manifest(token.sha256).facts
    files: dict[str, bytes | Path | Blob] = {}
    is_folder = facts["version"].startswith("folder ")
    for name, found in bring(run.recipe.source, indexes(run.store)).items():
        if isinstance(found, LocalFile):
            blob = Blob(found.sha256, found.size)
            files[name] = blob if run.store.has_blob(blob) else found.path
        else:
            files[name] = found
    return run.store.publish("folder" if is_folder else "archive", files, {"address": facts["address"]})
