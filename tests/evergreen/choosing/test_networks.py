"""evergreen.choosing.networks: trainings measured out for a dataset."""

import pytest
import yaml

from evergreen.choosing import networks
from evergreen.choosing.facts import Facts
from evergreen.recipe_files import RECIPES


def _facts(side: float, images: int = 1000) -> Facts:
    return Facts({"a cat": images // 2, "a dog": images // 2}, side, side, (1, 1), 0.0, frozenset(), False, 2)


@pytest.mark.parametrize(("pixels", "side"), [(4, 8), (8, 16), (12, 24), (13, 16), (28, 32), (32, 32), (64, 64)])
def test_small_pictures_keep_their_size_in_eights_and_the_smallest_are_doubled(pixels: int, side: int) -> None:
    assert networks.small_side(_facts(pixels)) == side


def test_what_grows_is_interpolated_and_what_is_tiny_not_augmented() -> None:
    assert networks.plain(_facts(8))["image"]["interpolation"] == "bilinear"
    assert "interpolation" not in networks.plain(_facts(32))["image"]
    assert networks.plain(_facts(8))["augment"] == {}
    assert networks.plain(_facts(32))["augment"]["rotation"] == 10
    assert networks.plain(_facts(28, 60_000))["train"]["phases"][0]["batch"] == 128


def test_the_short_training_is_that_of_its_recipe_to_the_letter() -> None:
    theirs = yaml.safe_load((RECIPES / "cifar10-fast.yaml").read_text(encoding="utf-8"))
    assert networks.short(_facts(32, 60_000))["train"] == theirs["train"]
