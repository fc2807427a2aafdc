"""runs.model_file: a model says of its backbone whether any phase trained it, and is asked by the step after."""

import pytest

from evergreen.recipe import load_recipe
from evergreen.vision.training.features import Backbone
from runs.model_file import MODEL, backbone_if_frozen, frozen_backbone
from storage.store import Store

LITE = "train.backbone=EfficientNetLite0"
FROZEN = "{unfreeze: none, epochs: 1}"


@pytest.mark.parametrize(
    ("settings", "frozen"),
    [
        ([LITE, f"train.phases=[{FROZEN}]"], Backbone("EfficientNetLite0", "average")),
        ([LITE, f"train.phases=[{FROZEN}, {FROZEN}]", "train.head.pooling=max"], Backbone("EfficientNetLite0", "max")),
        ([LITE, f"train.phases=[{FROZEN}, {{unfreeze: 3, epochs: 1}}]"], None),
        ([], None),  # a plain cnn
    ],
)
def test_a_backbone_that_no_phase_trained_is_named(store: Store, settings: list[str], frozen: Backbone | None) -> None:
    facts = backbone_if_frozen(load_recipe("digits", settings).train)
    model = store.publish("model", {MODEL: b"a network"}, {"classes": ["a", "b"]} | facts)
    assert frozen_backbone(store, model) == frozen
