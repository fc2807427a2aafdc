"""acquire: bring the source's bytes here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evergreen.sections.data import Source, each
from evergreen.sources.acquire import acquire as bring
from evergreen.sources.fetching.context import Kept
from evergreen.sources.kinds import Acquired
from evergreen.sources.local import LocalFile
from evergreen.sources.several import about, answers_in
from runs.run import Run
from runs.source import context_of
from storage.artifacts import Blob, Ref
from storage.store import Store
from tasks.progress import DownloadProgress
from tasks.secret import open_secret
from tasks.step import step


@step("acquire", retries=2)
def acquire(run: Run, token: Ref) -> Ref:
    """Fetch each source's files in the version that probe saw; what is stored already is not fetched again.

    Of several sources, the files of each lie below its number, from 0, and ``sources`` of the facts says of each what
    of one alone the artifact's kind and facts say.
    """
    sources = each(run.recipe.source)
    answers = answers_in(run.store.manifest(token.sha256).facts)
    with run.store.workspace():  # also turns a full disk into words
        context = context_of(run.store, open_secret, DownloadProgress(run.name))
        found = []
        for source, answer in zip(sources, answers, strict=True):
            with about(answer.get("name", "")):
                found.append(_files(run.store, bring(source, answer["files"], context)))
    if len(sources) == 1:
        return run.store.publish(_kind(sources[0], answers[0]), found[0], _about(sources[0], answers[0]))
    files = {f"{number}/{name}": content for number, some in enumerate(found) for name, content in some.items()}
    told = [
        {"name": answer["name"], "kind": _kind(source, answer), **_about(source, answer)}
        for source, answer in zip(sources, answers, strict=True)
    ]
    return run.store.publish("sources", files, {"sources": told})


def _files(store: Store, found: Mapping[str, Acquired]) -> dict[str, bytes | Path | Blob]:
    """Return what a source brought as the store takes it; what it has already, by its digest."""
    files: dict[str, bytes | Path | Blob] = {}
    for name, content in found.items():
        if isinstance(content, bytes):
            files[name] = content
            continue
        kept = content if isinstance(content, Kept) else content.kept
        blob = Blob(kept.sha256, kept.size)
        files[name] = content.path if isinstance(content, LocalFile) and not store.has_blob(blob) else blob
    return files


def _kind(source: Source, answer: Mapping[str, Any]) -> str:
    return "folder" if source.local and answer["version"].startswith("folder ") else "archive"


def _about(source: Source, answer: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: answer[name] for name in ("address", "left_out") if name in answer}
    return about | ({"dataset": source.keras.name} if source.keras else {})
