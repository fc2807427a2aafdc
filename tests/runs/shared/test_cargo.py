"""runs.shared.cargo: what of a run travels, and what does not."""

from releases import leave_record

from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.shared.cargo import cargo_of_release, cargo_of_run
from storage.artifacts import Ref
from storage.digests import sha256_bytes
from storage.remote.remote import Made
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
