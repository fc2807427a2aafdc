"""runs.summaries.summary: what of a run's exports is released into its folder."""

import errno
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from no_runs import litter

from commands.looking import lineage
from commands.upkeep import champions
from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from evergreen.reports.labels import labels_of
from evergreen.tables import to_csv
from runs.answering.model_meant import model_meant
from runs.answering.prediction_files import checked_target
from runs.answering.webpage import write_page
from runs.changes import baseline_of
from runs.run import Entry, Run
from runs.summaries.summary import finish, is_tracked, newest_run, run_summary
from runs.tables import publish_dataset, to_json
from runs.why import why
from storage.errors import ArtifactMissing, StoreUnwritable
from storage.runs import run_folder
from storage.store import Store
from storage.upkeep import damaged, remove, size_of


@pytest.fixture
def run(store: Store) -> Run:
    """A run that exported three formats."""
    run = Run.new(store, load_recipe("digits"))
    names = ("tfjs", "tfjs-uint8", "tflite-int8")
    files: dict[str, bytes | Path] = {f"{name}/labels.txt": name.encode() for name in names}
    exports = store.publish("exports", files, {"classes": ["a", "b"], "formats": list(names)})
    run.journal.add(Entry("export", "ran", "first run", output=exports))
    return run


def _finish(run: Run, **verdicts: str) -> dict[str, Any]:
    proofs = [
        {"format": name.replace("_", "-"), "verified": verdict, "reason": f"why {verdict}", "agreement": 0.5}
        for name, verdict in verdicts.items()
    ]
    verification = run.store.publish("verification", {"verification.json": to_json(proofs)})
    run.journal.add(Entry("verify", "ran", "first run", output=verification))
    return finish(run, "completed")


def test_a_format_below_its_bar_stays_in_the_store_and_the_folder_says_why(run: Run) -> None:
    summary = _finish(run, tfjs="failed", tfjs_uint8="passed", tflite_int8="not verified")
    folder = run.store.root / "runs" / run.id / "exports"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "not-released.txt",
        "tfjs-uint8/labels.txt",
        "tflite-int8/labels.txt",
    ]
    assert (folder / "not-released.txt").read_text() == "tfjs: why failed\n"
    assert (folder / "tfjs-uint8" / "labels.txt").read_text() == "tfjs-uint8"
    assert [(export["format"], export["released"], export["path"]) for export in summary["exports"]] == [
        ("tfjs", False, None),
        ("tfjs-uint8", True, str(folder / "tfjs-uint8")),
        ("tflite-int8", True, str(folder / "tflite-int8")),
    ]


def test_runs_that_reuse_everything_add_a_link_and_an_edit_is_noticed(run: Run) -> None:
    first = _finish(run, tfjs="passed")
    exports = run.store.root / "exports"
    before = size_of([exports])
    assert before > 0
    again = finish(replace(run, id="20990101-000000-abcdef"), "completed")
    assert size_of([exports]) == before
    folders = [run_folder(run.store, summary["id"]) / "exports" for summary in (first, again)]
    assert folders[0].is_symlink()
    assert len({folder.resolve() for folder in folders}) == 1
    (folders[0] / "tfjs" / "labels.txt").write_text("other classes")
    noticed = finish(replace(run, id="20990102-000000-abcdef"), "completed")
    assert "edited_exports" not in again
    assert (Path(noticed["edited_exports"]) / "tfjs" / "labels.txt").read_text() == "other classes"
    assert [(folder / "tfjs" / "labels.txt").read_text() for folder in folders] == ["tfjs", "tfjs"]
    assert damaged(run.store) == []
    remove([folders[1].parent])
    assert (folders[0] / "tfjs" / "labels.txt").read_text() == "tfjs"


def test_what_was_refused_is_of_another_folder_than_what_was_released(run: Run) -> None:
    passed = _finish(run, tfjs="passed", tfjs_uint8="passed", tflite_int8="passed")
    other = replace(run, id="20990101-000000-abcdef")
    assert _finish(other, tfjs="failed", tfjs_uint8="passed", tflite_int8="passed") != passed
    for summary, released in ((run, ["tfjs", "tfjs-uint8", "tflite-int8"]), (other, ["tfjs-uint8", "tflite-int8"])):
        folder = run_folder(run.store, summary.id) / "exports"
        assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == released


def test_what_is_no_run_breaks_no_reader(run: Run) -> None:
    summary = _finish(run, tfjs="passed")
    litter(run.store)
    assert newest_run(run.store, "digits") == newest_run(run.store, None) == run_summary(run.store, None) == summary
    assert not is_tracked(run.store, load_recipe("digits", ["track.mlflow=sqlite:///x.db"]), "m" * 64)
    assert baseline_of(run.store, "digits") is None
    meant = run_folder(run.store, run.id) / "exports" / "tfjs"
    for said in (
        lambda: why(run.store, "export", "torn"),
        lambda: model_meant(run.store, None, "torn"),
        lambda: write_page(run.store, "torn", meant / "page"),
    ):
        with pytest.raises(BadInput, match=r"found something else in .*torn.run\.json; name another run"):
            said()
    with pytest.raises(BadInput, match=f"the newest are: {run.id}\n    try: evergreen runs$"):
        run_summary(run.store, "none")


@pytest.mark.parametrize("words", ["x" * 300, "a\0b", "\ud800"], ids=["long", "NUL", "surrogate"])
def test_words_that_no_run_can_be_called_by_are_as_any_unknown_id(run: Run, words: str) -> None:
    _finish(run, tfjs="passed")
    for asked in (
        run_summary,
        lambda store, ref: why(store, "export", ref),
        lambda store, ref: write_page(store, ref, None),
    ):
        with pytest.raises(BadInput, match=f"the newest are: {run.id}\n    try: evergreen runs$"):
            asked(run.store, words)
    for find in (champions._release_meant, lambda store, ref: model_meant(store, None, ref)):
        with pytest.raises(ArtifactMissing, match="which names none"):
            find(run.store, words)
    assert lineage._digest_meant(run.store, words) == words


def test_names_of_files_to_write_that_are_too_long_are_refused_first(run: Run, tmp_path: Path) -> None:
    for name in ("x" * 300, "x" * 250):  # a file is written beside its place, under a longer name
        with pytest.raises(BadInput, match="expected the name of a file in a folder that may be written"):
            checked_target(tmp_path / name)
    assert checked_target(tmp_path / ("x" * 200)).parent == tmp_path
    with pytest.raises(BadInput, match=r"expected a folder for the page, received a name that is too long: .*--out"):
        write_page(run.store, _finish(run, tfjs="passed")["id"], tmp_path / ("x" * 300))


def test_classes_stand_in_their_order_in_run_json(run: Run) -> None:
    tables = {
        "renames": pd.DataFrame(columns=["folder", "subset", "label", "what", "why", "count"]),
        "dropped": pd.DataFrame(columns=["reason", "count"]),
        "notes": pd.DataFrame(columns=["note"]),
    }
    dataset = pd.DataFrame({"label": ["9", "10"], "subset": ""})
    repaired = publish_dataset(run.store, dataset, ["9", "10", "8"], **tables)
    run.journal.add(Entry("repair", "ran", "first run", output=repaired))
    run.journal.class_changes = {"new": ["8"]}
    _finish(run, tfjs="passed")
    written = run_summary(run.store, run.id)
    assert list(written["classes"].items()) == [("9", {"images": 1}), ("10", {"images": 1}), ("8", {"images": 0})]
    assert written["labels"]["counted"] == "repair"
    assert (written["class_changes"], written["refused"]) == ({"new": ["8"]}, None)


def test_every_field_is_explained(run: Run) -> None:
    page = (Path(__file__).parents[3] / "docs/run-json.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_ ]+)`", page))
    assert set(_finish(run, tfjs="passed")) | {"error", "tracking", "renames", "findings"} <= explained
    assert {"counted", "quarantined", *labels_of([], [], [])} <= explained


def test_views_and_a_linear_probe_stand_beside_the_metrics(run: Run) -> None:
    assert _finish(run, tfjs="passed")["baseline"] is None  # it did not come so far
    made = {
        "metrics.json": {"test": {"accuracy": 0.5}},
        "verdict.json": {"verdict": "good fit", "reasons": []},
        "calibration.json": {
            "temperature": 1,
            "unsure_below": None,
            "unsure_precision": 0.9,
            "ece": 0.1,
            "ece_scaled": 0.1,
        },
        "shortcuts.json": {"sample": 0, "changes": []},
        "views.json": {"accuracy": 0.75},
    }
    predictions = pd.DataFrame({"path": ["a", "b"], "label": "x", "split": "test", "predicted": ["x", "y"]})
    files = {name: to_json(value) for name, value in made.items()} | {"predictions.csv": to_csv(predictions)}
    run.journal.add(Entry("evaluate", "ran", "first run", output=run.store.publish("evaluation", files)))
    found = {
        "backbone": "EfficientNetLite0", "split": "test", "accuracy": 1.0, "count": 2, "fitted_on": 1, "of": 1,
        "converged": True,
    }  # fmt: skip
    probed = {"baseline.json": to_json(found), "predictions.csv": to_csv(predictions[["path"]].assign(predicted="x"))}
    run.journal.add(Entry("baseline", "ran", "first run", output=run.store.publish("baseline", probed)))
    summary = _finish(run, tfjs="passed")
    assert summary["metrics"] == {"test": {"accuracy": 0.5}, "views": {"accuracy": 0.75}}
    told = summary["baseline"]
    assert (told["accuracy"], told["training"], told["gain"], told["standing"]) == (1.0, 0.5, -0.5, "worse")


def test_where_all_pass_nothing_is_said(run: Run) -> None:
    _finish(run, tfjs="passed", tfjs_uint8="passed", tflite_int8="passed")
    folder = run.store.root / "runs" / run.id / "exports"
    assert sorted(path.name for path in folder.iterdir()) == ["tfjs", "tfjs-uint8", "tflite-int8"]


def test_where_the_disk_is_full_nothing_is_written_down_and_one_line_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, **_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreUnwritable, match=r"the disk is full: .* are left on the file system at /"):
        finish(run, "completed")
