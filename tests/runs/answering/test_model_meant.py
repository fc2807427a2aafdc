"""runs.answering.model_meant: the champion answers unless another is named; what names none is said in words."""

from pathlib import Path

import pytest
from releases import crown, make_release
from trainings import WHOLE, make_model, parts_of_train

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from runs.answering.model_meant import Meant, in_format, model_meant
from runs.releases import parts_of
from runs.run import Entry, Run
from runs.summaries.summary import finish
from storage.store import Store


def _run(store: Store, step: str, **outputs: object) -> Run:
    run = Run.new(store, load_recipe("digits"))
    run.journal.add(Entry(step, "ran", "first run", **outputs))  # type: ignore[arg-type]
    finish(run, "completed")
    return run


def test_the_champion_comes_before_the_newest_run(store: Store) -> None:
    with pytest.raises(
        BadInput, match=r"expected a trained model in .*, found none\n    try: evergreen retrain digits"
    ):
        model_meant(store, None, None)
    model = make_model(store, parts_of_train(store), WHOLE)
    run = _run(store, "train", output=model)
    newest = model_meant(store, None, None)
    assert (newest.run, newest.recipe, newest.model, newest.format) == (run.id, "digits", model.sha256, "keras")
    release = make_release(store, "a")
    crown(store, release.sha256, "another run")
    parts = parts_of(store, release.sha256)
    meant = model_meant(store, "digits", None)
    assert (meant.run, meant.recipe, meant.model) == (None, "digits", parts["model"].sha256)
    assert (meant.dataset, meant.exports) == (parts["dataset"].sha256, parts["exports"].sha256)
    assert model_meant(store, None, run.id).model == model.sha256


def test_what_names_no_model_says_what_would(store: Store, tmp_path: Path) -> None:
    run = _run(store, "probe")
    (tmp_path / "a.tflite").write_bytes(b"from elsewhere")
    for ref, said in {
        run.id: rf"the run {run.id} \(completed\) has no model",
        str(tmp_path / "none"): "there is nothing at",
        str(tmp_path / "a.tflite"): "is no file that this store exported",
        str(tmp_path): "holds no export of this store",
    }.items():
        with pytest.raises(BadInput, match=said):
            model_meant(store, None, ref)
    with pytest.raises(BadInput, match="expected a recipe or a model, received both: digits and x"):
        model_meant(store, "digits", "x")


def test_a_format_is_one_that_the_model_was_exported_in(store: Store) -> None:
    exports = store.publish("exports", {}, {"formats": ["tflite-float32", "tfjs"]})
    meant = Meant("digits", None, "a" * 64, exports=exports.sha256)
    assert in_format(store, meant, None) is in_format(store, meant, "keras") is meant
    assert in_format(store, meant, "tflite").format == "tflite-float32"
    with pytest.raises(BadInput, match=r"received 'tfsj'\. Did you mean tfjs\?"):
        in_format(store, meant, "tfsj")
    with pytest.raises(BadInput, match=r"was not exported as savedmodel; run: evergreen retrain digits --set "):
        in_format(store, meant, "savedmodel")
