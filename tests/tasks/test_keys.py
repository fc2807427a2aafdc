"""tasks.keys: which steps a change touches, at the level of keys."""

from pathlib import Path

import pytest

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME, STEPS
from storage.keys import KeyParts
from storage.records import Records
from storage.store import Store
from tasks import keys
from tasks.keys import code_of, key_parts, only, why_it_runs

PROJECT = Path(__file__).resolve().parents[2]


def _keys(recipe: Recipe, store: Store) -> dict[str, str]:
    """Return every step's key, with made-up inputs that do not change."""
    names = ("dataset.csv", "files.csv", "metrics.json", "model.keras", "predictions.csv", "verification.json")
    files = dict.fromkeys(names, b"")
    made = {step.name: store.publish(step.name, files) for step in STEPS}
    return {
        step.name: key_parts(step, recipe, store, {name: made[above] for name, above in step.inputs.items()}).key
        for step in STEPS
    }


@pytest.mark.parametrize(
    ("override", "touched"),
    [
        ("train.phases.0.epochs=3", {"train"}),
        ("balance.weights=none", {"balance"}),
        ("export.formats=[tfjs]", {"export"}),
        ("verify.images=10", {"verify"}),
        ("seed=1", {"split", "train", "evaluate", "export", "verify"}),
        ("image.height=20", {"train", "evaluate", "export", "verify"}),
        ("screen.max_megapixels=10", {"screen"}),
        ("title=Other", {"report"}),
        ("gate.min_accuracy=0.5", {"compare"}),
        ("name=other", {"bundle", "challenge", "promote", "report"}),
    ],
)
def test_a_value_touches_the_steps_that_read_it_alone(store: Store, override: str, touched: set[str]) -> None:
    before, after = _keys(load_recipe("digits"), store), _keys(load_recipe("digits", [override]), store)
    assert {name for name in before if before[name] != after[name]} == touched


def test_every_step_reads_what_its_row_says_and_nothing_else() -> None:
    recipe = only(load_recipe("digits"), ("split", "seed"))
    assert recipe.seed == 7
    with pytest.raises(AttributeError, match=r"reads recipe\.train, which its row"):
        _ = recipe.train


@pytest.mark.parametrize(
    ("step", "reaches", "not_reaches"),
    [
        (
            "train",
            {"evergreen.vision.train", "evergreen.datasets.door"},
            {"evergreen.vision.export", "evergreen.recipe"},
        ),
        ("split", {"evergreen.datasets.split"}, {"evergreen.datasets.repair", "evergreen.sections.data"}),
        (
            "verify",
            {"evergreen/vision/formats/tfjs_node.mjs", "evergreen.vision.formats.tfjs"},
            {"evergreen.vision.train"},
        ),
    ],
)
def test_code_of_a_step_is_what_its_core_can_reach(step: str, reaches: set[str], not_reaches: set[str]) -> None:
    code = set(code_of(BY_NAME[step]))
    assert reaches <= code
    assert not not_reaches & code
    assert not any(name.startswith(("storage", "tasks", "flows")) for name in code)


def test_wrong_inputs_are_an_error(store: Store) -> None:
    with pytest.raises(KeyError, match="expected the inputs"):
        key_parts(BY_NAME["train"], load_recipe("digits"), store, {})


def test_a_library_is_in_the_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _keys(load_recipe("digits"), store)
    real = keys._version
    monkeypatch.setattr(keys, "_version", lambda name: "99" if name == "tensorflowjs" else real(name))
    after = _keys(load_recipe("digits"), store)
    assert {name for name in before if before[name] != after[name]} == {"export"}


def test_a_step_without_an_earlier_record_is_a_first_run(store: Store) -> None:
    parts = KeyParts("split", 1, {}, {}, {}, {})
    assert why_it_runs(parts, Records(store), "digits") == "first run"


def test_another_file_of_an_input_does_not_matter_where_it_is_not_read(store: Store) -> None:
    split, recipe = BY_NAME["split"], load_recipe("digits")
    one = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"1"}, {"classes": ["a"]})
    other = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"2"}, {"classes": ["a"]})
    reordered = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"1"}, {"classes": ["b"]})
    key = key_parts(split, recipe, store, {"dataset": one}).key
    assert key_parts(split, recipe, store, {"dataset": other}).key == key
    assert key_parts(split, recipe, store, {"dataset": reordered}).key != key
