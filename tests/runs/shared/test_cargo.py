"""runs.shared.cargo: what of a run travels, and what does not."""

import json

from releases import leave_record

from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.shared.cargo import cargo_of_inputs, cargo_of_release, cargo_of_run, cargo_of_summary
from storage.artifacts import Ref
from storage.digests import sha256_bytes
from storage.remote.remote import Made
from storage.runs import run_folder
from storage.steps.keys import KeyParts
from storage.store import Store


def _did(run: Run, step: str, output: Ref, **inputs: Ref) -> KeyParts:
    """Leave what a step leaves in its run and in the store."""
    code = f"def {step}(): ...".encode()
    given = {name: ref.sha256 for name, ref in inputs.items()}
    parts = KeyParts(step, 1, given, {}, {step: run.store.put_blob(code)}, {})
    leave_record(run.store, parts, output, inputs=given)
    run.journal.add(Entry(step, "ran", "first run", 1.0, output, parts.key, given))
    return parts


def _run(store: Store, kind: str) -> tuple[Run, dict[str, KeyParts], dict[str, Ref]]:
    run = Run(store, load_recipe("digits"), "run", "digits")
    refs = {
        "probe": store.publish("source", {}, {"version": "1"}),
        "acquire": store.publish(kind, {"photos.zip": b"zip"}),
        "unpack": store.publish("files", {"files.csv": b"table", "files/a": b"image"}),
        "train": store.publish("model", {"model.keras": b"model"}),
    }
    parts = {
        "probe": _did(run, "probe", refs["probe"]),
        "acquire": _did(run, "acquire", refs["acquire"], probe=refs["probe"]),
    }
    parts["unpack"] = _did(run, "unpack", refs["unpack"], acquire=refs["acquire"])
    return run, parts, refs


def test_outputs_keys_and_code_travel_and_no_record_of_what_is_asked_every_time(store: Store) -> None:
    run, parts, refs = _run(store, "archive")
    cargo = cargo_of_run(run)
    assert set(cargo.artifacts) == {refs[step].sha256 for step in ("probe", "acquire", "unpack")}
    assert set(cargo.records) == {cargo.steps[step]["key"] for step in ("acquire", "unpack")}
    code = {sha256_bytes(f"def {step}(): ...".encode()) for step in ("acquire", "unpack")}
    assert set(cargo.blobs) == {*cargo.records, *code}
    assert set(cargo.steps) == {"acquire", "unpack"}
    assert cargo.made == {refs["unpack"].sha256: Made(refs["acquire"].sha256, "files/")}
    assert parts["probe"].key not in cargo.all()


def test_the_files_of_a_folder_are_no_members_of_an_archive(store: Store) -> None:
    run, _, _ = _run(store, "folder")
    assert cargo_of_run(run).made == {}


def test_a_teacher_of_another_run_travels_with_how_it_was_made(store: Store) -> None:
    other, _, refs = _run(store, "archive")
    taught = _did(other, "train", refs["train"], split=refs["unpack"])
    run = Run(store, load_recipe("digits"), "new", "digits")
    student = store.publish("model", {"model.keras": b"student"})
    _did(run, "train", student, teacher=refs["train"])
    cargo = cargo_of_run(run)
    assert set(cargo.steps) == {"train"}
    assert {student.sha256, refs["train"].sha256, refs["acquire"].sha256} <= set(cargo.artifacts)
    assert taught.key in cargo.records
    assert cargo.made


def test_of_a_sweep_its_best_trial_travels_and_of_inputs_what_they_are(store: Store) -> None:
    run, _, refs = _run(store, "archive")
    before, models = set(cargo_of_run(run).steps), [store.publish("model", {"m": f"{n}".encode()}) for n in range(3)]
    parts = [_did(run, "train", model, split=refs["unpack"]) for model in models]
    del run.journal.entries["train"]  # trials are none of the run's steps
    made = [{"seed": n, "key": parts[n].key, "model": models[n].sha256} for n in range(3)]
    failed = {"seed": 3, "key": None, "model": None}
    trials = [{"number": 0, "seeds": [made[0]]}, {"number": 1, "seeds": [made[1], made[2], failed]}]
    run.journal.sweep = {"best": 1, "trials": trials}
    cargo = cargo_of_run(run)
    assert set(cargo.steps) == before | {"train, seed 1", "train, seed 2"}
    assert {parts[1].key, parts[2].key} <= set(cargo.records)
    assert models[0].sha256 not in cargo.all()
    folder = run_folder(store, run.id)
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps(run.journal.sweep))
    steps = [entry.as_json() for entry in run.journal.entries.values()]
    assert cargo_of_summary(store, {"id": run.id, "recipe": "digits", "steps": steps}) == cargo
    run.journal.sweep = {"best": None, "trials": trials}
    assert set(cargo_of_run(run).steps) == before

    inputs = cargo_of_inputs(store, run.records, "digits", [refs["unpack"].sha256, refs["acquire"].sha256])
    assert set(inputs.artifacts) == {refs["unpack"].sha256, refs["acquire"].sha256}
    assert inputs.made == {refs["unpack"].sha256: Made(refs["acquire"].sha256, "files/")}
    assert inputs.records == inputs.blobs == (), "else a later push would take the run's for pushed"


def test_a_release_travels_with_all_that_its_records_tell(store: Store) -> None:
    run, _, refs = _run(store, "archive")
    _did(run, "train", refs["train"], split=refs["unpack"])
    release = store.publish("release", {}, {"recipe": "digits"})
    _did(run, "bundle", release, model=refs["train"])
    run.journal.entries.clear()
    cargo = cargo_of_release(store, "digits", release.sha256)
    assert set(cargo.artifacts) == {ref.sha256 for ref in (*refs.values(), release)}
    assert set(cargo.steps) == {"acquire", "unpack", "train", "bundle"}
    assert cargo.name == f"runs/digits/release-{release.short}.json"
