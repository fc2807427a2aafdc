"""What a source may use of a store, and what probe publishes, also for a plan that publishes nothing. No Prefect."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evergreen.addresses import OpenSecret
from evergreen.errors import OnlyInARun, SourceUnreachable
from evergreen.recipe import Recipe
from evergreen.sections.data import Source, each
from evergreen.sources.fetching.context import Kept, SourceContext, Tell
from evergreen.sources.probe import probe
from evergreen.sources.several import about, answers_in, names_of
from runs.keys import written_out
from storage.artifacts import Blob, Manifest
from storage.steps.records import Records
from storage.store import Store

KIND = "source"


@dataclass(frozen=True)
class Asked:
    """What probe learned: the manifest to publish, and a remark if the source could not be reached."""

    manifest: Manifest
    remark: str = ""


class StoreShelf:
    """A store as the place where finished downloads rest."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def has(self, kept: Kept) -> bool:
        """Whether these bytes are here, by name and size; whoever reads them checks them."""
        return self._store.has_blob(Blob(kept.sha256, kept.size))

    def take(self, path: Path, kept: Kept) -> None:
        """Move a finished file in."""
        self._store.adopt({path: Blob(kept.sha256, kept.size)})
        path.unlink(missing_ok=True)  # it was here already


def _no_secrets(name: str) -> str:
    raise OnlyInARun(f"its address needs the Prefect Secret block {name}, which is opened in a run alone")


def _to_nobody(name: str, done: int, total: int | None) -> None:
    """Hear of a download without saying so."""


def context_of(store: Store, open_secret: OpenSecret, tell: Tell) -> SourceContext:
    """Return what a source may use: the store's blobs, and two folders of caches outside lineage."""
    downloads, indexes = store.root / "downloads", store.root / "indexes"
    return SourceContext(StoreShelf(store), downloads, indexes, open_secret, tell, store=store.root)


def context_of_a_plan(store: Store) -> SourceContext:
    """Return what a source may use while nothing may be fetched and no Secret block is opened."""
    return replace(context_of(store, _no_secrets, _to_nobody), may_fetch=False)


def ask_source(recipe: Recipe, store: Store, records: Records, context: SourceContext) -> Asked:
    """Ask each source for its present version; offline, go on with its last one whose bytes are all here.

    Of several sources, ``sources`` of the facts has ``name`` beside what each answered, in the recipe's order, and
    ``version`` those of all of them.

    Raises:
        SourceUnreachable: nobody answers, and there is no good copy of this source here.
        SourceUnavailable, BadInput: as the source says; it names which one of several.
    """
    sources = each(recipe.source)
    if len(sources) == 1:
        facts, remark = _ask(sources[0], store, records, context)
        return Asked(Manifest(KIND, {}, facts), remark)
    answers, remarks = [], []
    for name, source in zip(names_of(sources), sources, strict=True):
        with about(name):
            facts, remark = _ask(source, store, records, context)
        answers.append({"name": name, **facts})
        remarks += [f"{name}: {remark}"] if remark else []
    versions = {
        "address": " ".join(answer["name"] for answer in answers),
        "version": "; ".join(f"{answer['name']} {answer['version']}" for answer in answers),
    }
    return Asked(Manifest(KIND, {}, {**versions, "sources": answers}), "; ".join(remarks))


def _ask(source: Source, store: Store, records: Records, context: SourceContext) -> tuple[dict[str, Any], str]:
    """Return what a source answers, or its last good answer and a remark."""
    try:
        return probe(source, context), ""
    except SourceUnreachable as error:
        if (known := _last_good(source, store, records)) is not None:
            return known, f"not reachable now; going on with what is here. {error}"
        raise


def _last_good(source: Source, store: Store, records: Records) -> dict[str, Any] | None:
    """Return the newest answer of this very source, alone or among others, whose bytes were acquired and are whole."""
    wanted = source.model_dump(mode="json")
    whole = {record.inputs.get("probe") for record in records.all("acquire") if store.is_whole(record.output)}
    for record in records.all("probe"):
        parts = records.parts(record)
        if parts and record.output.sha256 in whole:
            said = written_out(parts, record.settings).recipe.get("source")
            asked = said if isinstance(said, list) else [said]
            if wanted in asked:
                answer = answers_in(store.manifest(record.output.sha256).facts)[asked.index(wanted)]
                return {name: value for name, value in answer.items() if name != "name"}
    return None
