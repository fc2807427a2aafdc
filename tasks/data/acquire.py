"""acquire: bring the source's bytes here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evergreen.recipe import Recipe
from evergreen.sources.acquire import acquire as bring
from evergreen.sources.fetching.context import Kept
from evergreen.sources.local import LocalFile
from runs.run import Run
from runs.source import context_of
from storage.artifacts import Blob, Ref
from tasks.progress import DownloadProgress
from tasks.secret import open_secret
from tasks.step import step


@step("acquire", retries=2)
def acquire(run: Run, token: Ref) -> Ref:
    """Fetch the source's files in the version that probe saw; what is stored already is not fetched again."""
    facts = run.store.manifest(token.sha256).facts
    with run.store.workspace():  # also turns a full disk into words
        context = context_of(run.store, open_secret, DownloadProgress(run.name))
        found = bring(run.recipe.source, facts["files"], context)
    files: dict[str, bytes | Path | Blob] = {}
    for name, content in found.items():
        if isinstance(content, bytes):
            files[name] = content
            continue
        kept = content if isinstance(content, Kept) else content.kept
        blob = Blob(kept.sha256, kept.size)
        files[name] = content.path if isinstance(content, LocalFile) and not run.store.has_blob(blob) else blob
    return run.store.publish(_kind(run.recipe, facts["version"]), files, _about(run.recipe, facts))


def _kind(recipe: Recipe, version: str) -> str:
    return "folder" if recipe.source.local and version.startswith("folder ") else "archive"


def _about(recipe: Recipe, facts: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: facts[name] for name in ("address", "left_out") if name in facts}
    return about | ({"dataset": recipe.source.keras.name} if recipe.source.keras else {})
