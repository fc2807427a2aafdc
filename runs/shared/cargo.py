"""What of a run travels: the outputs of its steps, what they were made of, their keys, and the code in those.

Of a sweep its best trial travels too.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from evergreen.fold_steps import step_named
from runs.run import Run
from storage.artifacts import Manifest
from storage.digests import canonical_json, sha256_bytes
from storage.errors import StoreError
from storage.remote.push import Cargo
from storage.remote.remote import Made
from storage.runs import run_folder
from storage.steps.keys import KeyParts
from storage.steps.records import Record, Records
from storage.store import Store

_UNDER = "files/"


def cargo_of_run(run: Run) -> Cargo:
    """Return what travels of a run, as far as it came."""
    made = {name: entry for name, entry in run.journal.entries.items() if entry.output and entry.key and _kept(name)}
    steps = {name: {"key": one.key or "", "output": one.output.sha256} for name, one in made.items() if one.output}
    return _cargo(run.store, run.records, run.id, run.recipe.name, steps | _winner_of(run.journal.sweep))


def cargo_of_summary(store: Store, summary: Mapping[str, object]) -> Cargo:
    """Return what travels of a run that ended, by its ``run.json``."""
    entries: Iterable[Mapping[str, str]] = summary["steps"]  # type: ignore[assignment]
    steps = {
        entry["name"]: {"key": entry["key"], "output": entry["output"]}
        for entry in entries
        if entry.get("key") and entry["output"] and _kept(entry["name"])
    }
    steps |= _winner_of(_swept(store, str(summary["id"])))
    return _cargo(store, Records(store), str(summary["id"]), str(summary["recipe"]), steps)


def cargo_of_release(store: Store, recipe: str, release: str) -> Cargo:
    """Return what travels of a release whose run may be forgotten: by the records, all that it was made of."""
    records = Records(store)
    makers = _makers(records)
    steps: dict[str, dict[str, str]] = {}
    waiting = [release]
    while waiting:
        record = makers.get(waiting.pop())
        if record and record.step not in steps:
            steps[record.step] = {"key": record.key, "output": record.output.sha256}
            waiting += record.inputs.values()
    kept = {name: step for name, step in steps.items() if _kept(name)}
    return _cargo(store, records, f"release-{release[:12]}", recipe, kept, [release])


def cargo_of_inputs(store: Store, records: Records, recipe: str, digests: Iterable[str]) -> Cargo:
    """Return what travels of artifacts that something is about to be made of elsewhere; records are the run's.

    Args:
        store: where they are.
        records: of the store.
        recipe: the recipe's name.
        digests: of the artifacts.
    """
    wanted, makers = tuple(dict.fromkeys(digests)), _makers(records)
    made_by = [record for digest in wanted if (record := makers.get(digest))]
    steps = {record.step: {"key": record.key, "output": record.output.sha256} for record in made_by}
    name = f"inputs-{sha256_bytes(canonical_json(wanted))[:16]}"
    return Cargo(name, recipe, steps, wanted, (), (), _made(store, made_by))


def _cargo(
    store: Store,
    records: Records,
    run: str,
    recipe: str,
    steps: Mapping[str, Mapping[str, str]],
    also: Iterable[str] = (),
) -> Cargo:
    """Return what travels: of inputs that no step of the run gave (teachers), how they were made as well."""
    found = {step["key"]: records.kept(step["key"]) for step in steps.values()}
    keys = {key: record for key, record in found.items() if record}
    artifacts = dict.fromkeys([*also, *(step["output"] for step in steps.values())])
    waiting = [digest for record in keys.values() for digest in record.inputs.values()]
    makers: dict[str, Record] | None = None
    while waiting:
        digest = waiting.pop()
        if digest in artifacts:
            continue
        artifacts[digest] = None
        makers = _makers(records) if makers is None else makers
        if record := makers.get(digest):
            waiting += record.inputs.values()
            keys[record.key] = record
    kept = [key for key, record in keys.items() if _kept(record.step)]
    there = tuple(digest for digest in artifacts if _manifest(store, digest))
    return Cargo(run, recipe, steps, there, tuple(_beside(store, kept)), tuple(kept), _made(store, keys.values()))


def _winner_of(sweep: Mapping[str, Any] | None) -> dict[str, dict[str, str]]:
    """Return the trainings of a sweep's best trial, a seed each, as steps; those of the others stay where they are."""
    trials = sweep["trials"] if sweep else ()
    seeds = next((trial["seeds"] for trial in trials if sweep and trial["number"] == sweep["best"]), ())
    return {
        f"train, seed {one['seed']}": {"key": one["key"], "output": one["model"]}
        for one in seeds
        if one["key"] and one["model"]
    }


def _swept(store: Store, run: str) -> dict[str, Any] | None:
    """Return what a run's ``sweep.json`` says, if it was a sweep."""
    try:
        found: dict[str, Any] = json.loads((run_folder(store, run) / "sweep.json").read_bytes())
    except FileNotFoundError:
        return None
    return found


def _kept(step: str) -> bool:
    """Whether the records of a step travel: not of one that is asked every time, whose answer changes."""
    row = step_named(step)
    return row is None or row.cached


def _makers(records: Records) -> dict[str, Record]:
    return {record.output.sha256: record for record in reversed(list(records.all()))}


def _beside(store: Store, keys: Iterable[str]) -> Iterable[str]:
    """Yield the digests of the parts of keys, and of the code in them."""
    found: dict[str, None] = {}
    for key in keys:
        found[key] = None
        try:
            found |= dict.fromkeys(KeyParts.parse(store.read_blob(key)).code.values())
        except StoreError:
            continue
    return found


def _made(store: Store, records: Iterable[Record]) -> dict[str, Made]:
    """Return of each artifact whose files are the members of archives which one holds those."""
    found = {}
    for record in records:
        archive = record.inputs.get("acquire") if record.step == "unpack" else None
        manifest = _manifest(store, archive) if archive else None
        if archive and manifest and _of_archives(manifest):
            found[record.output.sha256] = Made(archive, _UNDER)
    return found


def _of_archives(manifest: Manifest) -> bool:
    """Whether what was acquired is archives alone: the files of a folder are blobs of their own."""
    kinds = [source["kind"] for source in manifest.facts.get("sources", ())] or [manifest.kind]
    return set(kinds) == {"archive"}


def _manifest(store: Store, digest: str) -> Manifest | None:
    try:
        return store.manifest(digest)
    except StoreError:
        return None
