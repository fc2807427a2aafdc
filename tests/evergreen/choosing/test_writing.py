"""evergreen.choosing.writing: a recipe's file as a person reads it."""

from datetime import date
from typing import Any

import yaml

from evergreen.choosing.facts import Facts
from evergreen.choosing.rules import choose
from evergreen.choosing.writing import MARK, recipe_text, teacher_text, title_of
from evergreen.recipe import parse_recipe

DAY = date(2026, 11, 29)
FACTS = Facts({"no": 300, "Žofka: #1": 200}, 400, 300, (0.4, 2.5), 0.0, frozenset(), True, 2)


def _values(preset: str = "default") -> tuple[dict[str, Any], Any]:
    choice = choose(FACTS, preset)
    source = {"local": {"path": "/data/me/my photos: 2026"}}
    about = {"name": "my-cats", "title": title_of("my-cats", 2), "source": source}
    return {**about, "repair": {"classes": list(FACTS.counts)}, **choice.values}, choice


def test_the_file_says_what_the_values_say_and_why() -> None:
    values, choice = _values()
    text = recipe_text(values, choice, "500 images of 2 classes", DAY)
    read = yaml.safe_load(text)
    assert read["repair"]["classes"] == ["no", "Žofka: #1"], "YAML's own words and letters are quoted"
    assert read["source"] == values["source"]
    assert read["title"] == "My cats, 2 classes"
    assert parse_recipe(read, "my-cats.yaml") == parse_recipe(values, "my-cats.yaml"), "what is left out is the default"
    assert text.startswith(f"# {MARK} my-cats` on 2026-11-29 for 500 images of 2 classes.")
    for comment in choice.comments.values():
        assert comment in text.replace("\n# ", " ")
    assert max(map(len, text.splitlines())) <= 120


def test_defaults_are_not_written_and_long_sections_are_blocks() -> None:
    values, choice = _values()
    text = recipe_text(values | {"image": {"height": 240, "width": 240, "resize": "squash"}}, choice, "x", DAY)
    assert yaml.safe_load(text)["image"] == {"height": 240, "width": 240}
    assert "evaluate" not in text
    assert "\n    - unfreeze: 143\n      batch_norm: frozen\n" in text


def test_a_teacher_learns_from_the_same_images_at_its_own_size() -> None:
    values, _ = _values("best")
    text = teacher_text(values, "EfficientNetLite2", [phase["epochs"] for phase in values["train"]["phases"]], "x", DAY)
    assert text.startswith(f"# {MARK} my-cats` on"), "the one that was asked for"
    teacher = parse_recipe(yaml.safe_load(text), "teacher.yaml")
    assert (teacher.name, teacher.train.backbone, teacher.image.height) == ("my-cats-lite2", "EfficientNetLite2", 260)
    assert [phase.unfreeze for phase in teacher.train.phases] == ["none", 143]
    assert [phase.epochs for phase in teacher.train.phases] == [phase["epochs"] for phase in values["train"]["phases"]]
    assert teacher.train.label_smoothing == 0
    assert teacher.image.resize == "pad"
    assert teacher.repair.classes == tuple(FACTS.counts)
    assert teacher.train.teacher is None
