"""evergreen.vision.networks.distributions: what holds weights is installed, and of a backbone that there is."""

from importlib.metadata import version
from typing import get_args

from evergreen.sections import training
from evergreen.vision.networks.distributions import BY_BACKBONE


def test_distributions_of_weights_are_of_known_backbones_and_installed() -> None:
    assert set(BY_BACKBONE) <= set(get_args(training.Backbone))
    assert all(version(name) for names in BY_BACKBONE.values() for name in names)
