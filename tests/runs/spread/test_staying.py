"""runs.spread.staying: a training stays where features are all of it that is costly, and are sure to be kept."""

import pytest

from evergreen.recipe import load_recipe
from runs.spread.staying import stays

FROZEN = ("train.backbone=EfficientNetLite0", "train.cnn=[]", "train.phases=[{epochs: 3, unfreeze: none}]")


def _stays(*settings: str, images: int = 10_000) -> bool:
    return stays(load_recipe("digits", [*FROZEN, *settings]), lambda: images)


def test_a_frozen_backbone_stays_and_nobody_counts_images_of_another() -> None:
    assert _stays()

    def counted() -> int:
        raise AssertionError("no table is read")

    assert not stays(load_recipe("digits"), counted)


@pytest.mark.parametrize(
    "setting",
    [
        "train.phases=[{epochs: 3, unfreeze: none}, {epochs: 1, unfreeze: all}]",
        "train.head.pooling=flatten",
        "train.head.convolutions=[{filters: 8}]",
        "train.devices=2",
        "train.features_gib=0.1",
        "train.views=100",
    ],
)
def test_what_trains_layers_or_makes_more_than_is_kept_is_sent(setting: str) -> None:
    assert not _stays(setting, images=100_000 if "views" in setting else 10_000)
