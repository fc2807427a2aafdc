"""tasks.keys: which steps a change touches, at the level of keys."""

from pathlib import Path

import pytest

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME, STEPS
from storage.artifacts import Ref
from storage.keys import KeyParts
from storage.records import Records
from storage.store import Store
from tasks import keys
from tasks.keys import code_of, key_parts, only, why_it_runs

PROJECT = Path(__file__).resolve().parents[2]


def _keys(recipe: Recipe) -> dict[str, str]:
    """Return every step's key, with made-up inputs that do not change."""
    inputs = {name: Ref("x", f"{index:064x}", 0) for index, name in enumerate(BY_NAME)}
    return {
        step.name: key_parts(step, recipe, {name: inputs[above] for name, above in step.inputs.items()}).key
        for step in STEPS
    }


@pytest.mark.parametrize(
    ("override", "touched"),
    [
        ("train.phases.0.epochs=3", {"train"}),
        ("balance.weights=none", {"balance"}),
        ("export.formats=[tfjs]", {"export"}),
        ("verify.images=10", {"verify"}),
        ("seed=1", {"split", "train", "export", "verify"}),
        ("image.height=20", {"train", "evaluate", "export", "verify"}),
        ("screen.max_megapixels=10", {"screen"}),
        ("title=Other", {"report"}),
        ("gate.min_accuracy=0.5", set()),
    ],
)
def test_a_value_touches_the_steps_that_read_it_alone(override: str, touched: set[str]) -> None:
    before, after = _keys(load_recipe("digits")), _keys(load_recipe("digits", [override]))
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


def test_wrong_inputs_are_an_error() -> None:
    with pytest.raises(KeyError, match="expected the inputs"):
        key_parts(BY_NAME["train"], load_recipe("digits"), {})


def test_a_library_is_in_the_key_and_named_in_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _keys(load_recipe("digits"))
    real = keys._version
    monkeypatch.setattr(keys, "_version", lambda name: "99" if name == "tensorflowjs" else real(name))
    after = _keys(load_recipe("digits"))
    assert {name for name in before if before[name] != after[name]} == {"export"}


def test_a_step_without_an_earlier_record_is_a_first_run(store: Store) -> None:
    parts = KeyParts("split", 1, {}, {}, {}, {})
    assert why_it_runs(parts, Records(store), "digits") == "first run"
