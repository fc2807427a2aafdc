"""evergreen.recipe: what is accepted, what is refused, and how helpfully."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from reference_archives import SHIPPED
from tiny_teachers import teacher_file

from evergreen.errors import BadRecipe
from evergreen.recipe import brought_up, load_recipe, parse_recipe
from evergreen.recipe_files import RECIPES
from evergreen.sections.data import each

NAMES = [path.stem for path in SHIPPED]
FIVE = {"chessman", "cifar10", "garbage", "rockpaperscissors", "tsel"}


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_validates_and_names_its_schema(name: str) -> None:
    assert load_recipe(name).name == name
    first = (RECIPES / f"{name}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../docs/recipe.schema.json"


def test_the_five_reference_systems_are_there() -> None:
    assert set(NAMES) >= FIVE


def test_values_of_the_reference_systems_are_theirs() -> None:
    tsel = load_recipe("tsel")
    assert [phase.learning_rate for phase in tsel.train.phases] == [4e-5, 3e-6]
    assert (tsel.image.height, tsel.image.width) == (320, 380)
    garbage = load_recipe("garbage").train.phases[0]
    assert (garbage.unfreeze, garbage.epochs, garbage.learning_rate) == (30, 20, 5e-4)
    assert load_recipe("rockpaperscissors").split.validation == 0.4


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trian.x=1", "trian: unknown key; did you mean train?"),
        ("train.phases.0.epoch=1", "train.phases.0.epoch: unknown key; did you mean epochs?"),
        ("split.validtaion=1", "split.validtaion: unknown key; did you mean validation?"),
        ("split.validation=1.5", "split.validation: expected a number from 0 to 1; received 1.5"),
        ("split.validation=.nan", "split.validation"),
        ("split={validation: 0.6, test: 0.4}", "validation + test below 1"),
        ("train.phases.0.epochs=many", "train.phases.0.epochs"),
        ("train.phases=[]", "train.phases"),
        ("train.phases.7.epochs=1", "a list of 1: expected the number of an item, 0; received '7'"),
        ("seed", "expected PATH=VALUE"),
        ("seed=[", "not a YAML value"),
        ("seed.x=1", "seed is a single value"),
        ("export.formats=[tfjs, tfjs]", "every format once"),
        ("export.formats=[coreml]", "export.formats.0"),
        (
            "train={backbone: MobileNetV2, cnn: [{filters: 8}], phases: [{epochs: 1}]}",
            "exactly when train.backbone is cnn: leave",
        ),
        ("balance.weights=explicit", "exactly when balance.weights is explicit"),
        ("source.local={path: x}", "expected exactly one of"),
        ("source=[{local: {path: a}}, {lokal: {path: b}}]", "source.1.lokal: unknown key; did you mean local?"),
        ("source=[{local: {path: a}}, {local: {path: 's3://b/c'}}]", "source.1.local.path: s3:// is not fetched"),
        ("source.2.local.path=a", "source.2: unknown key"),
        ("source=photos", "source: expected a mapping such as {local: {path: photos}} or a list of 1 or more"),
        ("repair.classes=[a, a]", "every class once"),
        ("split={group: [folder], group_near_duplicates: true}", "split: expected group alone"),
        ("split.group=folder", "split.group: expected a list such as [folder]"),
    ],
)
def test_a_bad_value_is_refused_by_path(override: str, message: str) -> None:
    with pytest.raises(BadRecipe) as refused:
        load_recipe("digits", [override])
    assert message in str(refused.value)


def test_a_gate_that_asks_for_shortcuts_needs_them_measured() -> None:
    asked, images = "gate.max_shortcut_loss=0.1", "evaluate.shortcut_images"
    assert load_recipe("digits", [asked, f"{images}=1"]).gate.max_shortcut_loss == 0.1
    with pytest.raises(
        BadRecipe, match=r"max_shortcut_loss: expected images .*, received evaluate\.shortcut_images: 0"
    ):
        load_recipe("digits", [asked, f"{images}=0"])


def test_a_format_that_is_to_answer_must_be_exported() -> None:
    asked = "serve.format=tflite-float16"
    assert load_recipe("digits", [asked, "export.formats=[tflite-float16]"]).serve.format == "tflite-float16"
    with pytest.raises(
        BadRecipe, match=r"serve\.format: .* received tflite-float16; .*--set 'export\.formats=\["
    ) as refused:
        load_recipe("digits", [asked])
    line = re.search(r"--set '(export\.formats=.*?)'", str(refused.value))
    assert line
    assert load_recipe("digits", [asked, line[1]]).serve.format == "tflite-float16", (
        "the line to type is one that works"
    )


def test_a_wrong_item_is_the_only_thing_said_of_its_list() -> None:
    with pytest.raises(BadRecipe) as refused:
        load_recipe("digits", ["train.phases=[{epochs: 0}]"])
    lines = [line for line in str(refused.value).splitlines() if line.startswith("  ")]
    assert lines == [
        "  train.phases.0.epochs: expected a whole number from 1 to 10,000; received 0",
        "    try: --set train.phases.0.epochs=1",
    ]


def test_overrides_have_the_recipes_types() -> None:
    recipe = load_recipe(
        "digits", ["train.phases.0.learning_rate=1e-4", "repair.rename={a b: one}", "train.keep=val_accuracy"]
    )
    assert recipe.train.phases[0].learning_rate == 1e-4
    assert recipe.repair.rename == {"a b": "one"}


def test_a_source_is_replaced_by_a_path_or_a_url(tmp_path: Path) -> None:
    (tmp_path / "my photos.zip").write_bytes(b"")
    local = load_recipe("digits", source=str(tmp_path / "my photos.zip")).source
    assert local.kind == "local"
    assert load_recipe("digits", source="https://example.org/a.zip").source.kind == "http"
    with pytest.raises(BadRecipe, match="found nothing at"):
        load_recipe("digits", source=str(tmp_path / "none.zip"))


def test_a_secret_query_must_come_from_outside() -> None:
    files = [{"url": "https://example.org/a.zip", "query": "X-Goog-Signature=abc"}]
    with pytest.raises(BadRecipe, match="query"):
        load_recipe("digits", [f"source={{http: {{files: {files}}}}}"])


def test_merge_keys_are_read_and_what_stands_beside_them_wins(tmp_path: Path) -> None:
    recipe = yaml.safe_load((RECIPES / "digits.yaml").read_text(encoding="utf-8"))
    recipe["train"].pop("phases")
    phases = (
        "[&first {epochs: 3, batch: 16, learning_rate: 0.01}, {<<: *first, epochs: 5}, {<<: [*first, {decay: 0.5}]}]"
    )
    path = tmp_path / "merged.yaml"
    path.write_text(yaml.safe_dump(recipe) + f"train.phases: {phases}\n", encoding="utf-8")
    found = [(phase.epochs, phase.batch, phase.decay) for phase in load_recipe(path).train.phases]
    assert found == [(3, 16, 1), (5, 16, 1), (3, 16, 0.5)]
    path.write_text("a: {<<: {q: 1}, <<: {r: 1}}", encoding="utf-8")
    with pytest.raises(BadRecipe, match="'<<' is given twice"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nname: b\n", "'name' is given twice"),
        ("- a\n", "expected a mapping"),
        ("a: [", "cannot be read as YAML"),
        ("name: !!python/object/apply:os.system [id]\n", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(BadRecipe, match=message):
        load_recipe(tmp_path / "r.yaml")


def test_a_line_as_messages_print_it_can_be_pasted(tmp_path: Path) -> None:
    digits = (RECIPES / "digits.yaml").read_text(encoding="utf-8")
    path = tmp_path / "r.yaml"
    for more in ("", "screen: {conflicts: keep}\n", "screen:\n"):
        path.write_text(f"{digits}\n{more}screen.range: [0, 4095]  # 12 bits\nrepair.rename: {{}}\n")
        recipe = load_recipe(path)
        assert recipe.screen.range == (0, 4095)
        assert recipe.screen.conflicts == ("keep" if "keep" in more else "quarantine")
        assert recipe.repair.classes == load_recipe("digits").repair.classes
    path.write_text(f"{digits}\nscreen: {{range: [0, 1]}}\nscreen.range: [0, 4095]\n")
    with pytest.raises(BadRecipe, match=r"expected every value once, received screen\.range beside"):
        load_recipe(path)


def test_a_default_of_then_that_is_left_alone_is_no_change() -> None:
    then = {"screen": {"max_megapixels": 50.0, "conflicts": "keep"}, "seed": 7}
    left_alone = {"screen": {"max_megapixels": 150.0}}
    assert brought_up(then, left_alone) == {"screen": {"max_megapixels": 150.0, "conflicts": "keep"}, "seed": 7}
    assert brought_up(then, {"screen": {"max_megapixels": 50.0}}) == then
    assert brought_up({"screen": {"max_megapixels": 20.0}}, left_alone)["screen"] == {"max_megapixels": 20.0}
    assert brought_up({"seed": 7}, left_alone) == {"seed": 7}


@pytest.mark.parametrize("given", ["[5, 5]", "[5, 4]", "[0, .inf]", "[1]"])
def test_a_range_rises(given: str) -> None:
    with pytest.raises(BadRecipe, match=r"screen"):
        load_recipe("digits", [f"screen.range={given}"])


def test_an_unknown_name_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(BadRecipe, match="Did you mean digits"):
        load_recipe("digit")


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_recipe("digits").seed = 1  # type: ignore[misc]


def test_missing_sections_are_named() -> None:
    with pytest.raises(BadRecipe, match=r"name: expected 1 to 63[\s\S]*source: expected a mapping"):
        parse_recipe({"title": "x"}, "x.yaml")


@pytest.mark.parametrize(
    ("value", "read"), [("true", "[near-duplicates]"), ("false", "[]"), ("null", "null")], ids=["true", "false", "null"]
)
def test_an_earlier_spelling_is_the_same_recipe_with_a_word(value: str, read: str) -> None:
    earlier = load_recipe("digits", [f"split.group_near_duplicates={value}"])
    present = load_recipe("digits", [f"split.group={read}"])
    assert earlier.model_dump() == present.model_dump()
    assert earlier.choices(["split"]) == present.choices(["split"])
    assert present.remarks == ()
    assert earlier.remarks == (
        f"split.group_near_duplicates: {value} is an earlier spelling, and read as split.group: {read}: "
        "write that instead",
    )


def test_a_teachers_recipe_is_read_once_and_may_have_no_teacher_nor_other_classes(tmp_path: Path) -> None:
    path = teacher_file(tmp_path)
    recipe = load_recipe("digits", [f"train.teacher={{recipe: {path}}}"])
    path.unlink()
    assert recipe.teaching is not None
    assert [teacher.name for teacher in recipe.teaching.recipes] == ["big"]
    assert recipe.values()["teaching"]["big"]["image"]["height"] == 12
    taught = teacher_file(tmp_path, "taught")
    taught.write_text(taught.read_text().replace("train:", "train:\n  teacher: {model: 4fd2}", 1))
    other = teacher_file(tmp_path, "other", repair={"classes": ["cat", "dog"]})
    for said, message in (
        (taught, "without a teacher of their own"),
        (other, "other lacks eight, .* and has cat, dog too"),
        ("digits", "two are digits"),
        (tmp_path / "none.yaml", "found none at"),
    ):
        with pytest.raises(BadRecipe, match=message):
            load_recipe("digits", [f"train.teacher={{recipe: {said}}}"])


def test_of_teachers_that_come_or_go_the_names_are_the_difference() -> None:
    def values(teachers: list[str], **teaching: dict[str, int]) -> dict[str, Any]:
        return {"train": {"teacher": {"recipe": teachers}}, "teaching": {"near_duplicate_bits": 3, **teaching}}

    none: dict[str, Any] = {"train": {"teacher": None}}
    one, both = values(["a"], a={"x": 1}), values(["a", "b"], a={"x": 2}, b={"x": 3})
    assert brought_up(one, none) == {"train": one["train"]}
    assert brought_up(none, one) == none | {"teaching": one["teaching"]}
    assert brought_up(one, both)["teaching"] == {"near_duplicate_bits": 3, "a": {"x": 1}, "b": {"x": 3}}
    renamed = values(["a"], c={"x": 1})
    assert brought_up(one, renamed) == one


def test_several_sources_are_given_or_set_one_by_one(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    sources = [str(tmp_path / name) for name in "ba"]
    recipe = load_recipe("digits", source=sources)
    assert [source.local.path for source in each(recipe.source) if source.local] == sorted(sources)
    listed = [f"source=[{{local: {{path: {sources[0]}}}}}, {{embedded: {{name: digits}}}}]"]
    assert load_recipe("digits", [*listed, "source.1={local: {path: " + sources[1] + "}}"]) == recipe
    assert load_recipe("digits", source=sources[:1]).source == load_recipe("digits", source=sources[0]).source
    with pytest.raises(BadRecipe, match="received nothing"):
        load_recipe("digits", source="")


def test_a_secret_in_one_of_several_sources_is_refused_and_never_shown() -> None:
    for url in ("https://me:planted@host/a.zip", "https://host/a.zip?X-Amz-Signature=planted"):
        with pytest.raises(BadRecipe, match=r"source\.1\.http\.files\.0\.url: the URL holds") as refused:
            load_recipe("digits", [f"source=[{{embedded: {{name: digits}}}}, {{http: {{files: [{{url: '{url}'}}]}}}}]"])
        assert "planted" not in str(refused.value)
