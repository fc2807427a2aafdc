"""flows.summary: what of a run's exports is released into its folder."""

from pathlib import Path
from typing import Any

import pytest
from no_runs import litter

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from flows.changes import baseline_of
from flows.model_meant import model_meant
from flows.summary import finish, is_tracked, newest_run, run_summary
from flows.web import write_page
from flows.why import why
from storage.runs import run_folder
from storage.store import Store
from tasks.run import Entry, Run
from tasks.tables import to_json


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
    with pytest.raises(BadInput, match=f"the newest are: {run.id}$"):
        run_summary(run.store, "none")


def test_where_all_pass_nothing_is_said(run: Run) -> None:
    _finish(run, tfjs="passed", tfjs_uint8="passed", tflite_int8="passed")
    folder = run.store.root / "runs" / run.id / "exports"
    assert sorted(path.name for path in folder.iterdir()) == ["tfjs", "tfjs-uint8", "tflite-int8"]
