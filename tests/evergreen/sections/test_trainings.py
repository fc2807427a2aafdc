"""evergreen.sections.trainings: what a network brings where a recipe describes no training."""

from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe, parse_recipe

BARE = {"name": "mine", "source": {"local": {"path": "x"}}}


@pytest.mark.parametrize("train", [None, {}, {"backbone": "EfficientNetLite0"}])
def test_name_and_source_are_a_whole_recipe(train: Any) -> None:
    recipe = parse_recipe(BARE if train is None else BARE | {"train": train}, "mine.yaml")
    assert (recipe.train.backbone, recipe.image.height, recipe.image.width) == ("EfficientNetLite0", 224, 224)
    assert [phase.unfreeze for phase in recipe.train.phases] == ["none", 107]
    assert recipe.train.phases[1].batch_norm == "frozen"
    assert recipe.remarks == (
        "train has no phases: EfficientNetLite0 brings its own (224x224 pixels, head, label_smoothing, views, phases); "
        "docs/recipe.md says how to set others",
    )


def test_what_is_set_stays() -> None:
    values = BARE | {"train": {"backbone": "EfficientNetLite2", "head": {"dropout": 0.1}}, "image": {"height": 100}}
    recipe = parse_recipe(values, "mine.yaml")
    assert (recipe.image.height, recipe.image.width, recipe.train.head.dropout) == (100, 160, 0.1)
    assert parse_recipe(BARE | {"train": {"backbone": "EfficientNetLite2"}}, "x").image.height == 260
    with pytest.raises(BadRecipe, match=r"train\.phases"):
        parse_recipe(BARE | {"train": {"phases": []}}, "mine.yaml")


@pytest.mark.parametrize(("side", "blocks"), [(8, 1), (16, 2), (32, 3), (64, 4), (160, 5), (1024, 5)])
def test_a_plain_cnn_brings_blocks_for_its_pixels(side: int, blocks: int) -> None:
    values = BARE | {"train": {"backbone": "cnn"}, "image": {"height": side, "width": max(side, 32)}}
    recipe = parse_recipe(values, "mine.yaml")
    assert len(recipe.train.cnn) == blocks
    assert recipe.train.head.pooling == "flatten"


def test_a_network_of_the_other_kind_on_the_command_line_brings_its_own_and_says_what_it_replaces() -> None:
    recipe = load_recipe("digits", ["train.backbone=EfficientNetLite0"])
    assert (recipe.train.cnn, recipe.train.head.dense, recipe.image.height) == ((), (), 224)
    assert recipe.train.phases[0].unfreeze == "none"
    assert recipe.remarks[0] == (
        "train.backbone is EfficientNetLite0 in place of cnn: the recipe's train.phases, train.head, train.cnn, "
        "image.height, image.width, image.interpolation were the other's, and left out"
    )
    again = load_recipe("digits", ["train.backbone=EfficientNetLite0", "image.height=96", "image.width=96"])
    assert again.image.height == 96
    back = load_recipe("chessman", ["train.backbone=cnn"])
    assert [block.filters for block in back.train.cnn] == [16, 32, 64]


def test_another_network_of_the_same_kind_keeps_the_recipes_training() -> None:
    recipe = load_recipe("garbage", ["train.backbone=EfficientNetLite0"])
    assert recipe.train.phases == load_recipe("garbage").train.phases
    assert recipe.remarks == ()


def test_a_pretrained_network_that_sees_too_few_pixels_is_said() -> None:
    few = load_recipe("garbage", ["train.backbone=EfficientNetLite1", "image.height=64"])
    assert few.remarks == (
        "image: 64x224 pixels are few for EfficientNetLite1, which learned from 240x240: --set image.height=240 --set "
        "image.width=240",
    )
    assert load_recipe("cifar10").remarks == ()
