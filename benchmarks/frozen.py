"""Measure what keeping a frozen backbone's features saves: 24 frozen epochs with augmentation, kept and not kept.

    .venv/bin/python benchmarks/frozen.py dataset-resized.zip [--size 160] [--maps]

garbage's recipe on TrashNet with EfficientNet-Lite0 and its backbone frozen; once with the features of ``train.views``
views kept, once with ``train.features_gib: 0``, which sends every epoch through the backbone. Both see the same views.
The head is garbage's dense layers after pooling, so that a feature is a vector; with ``--maps`` also its convolution,
which needs feature maps.
"""

import argparse
import tempfile
from pathlib import Path

from retraining import retrain, seconds_of

EPOCHS = 24


def main() -> None:
    """Print seconds of training and test accuracy of both, and the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", type=Path)
    parser.add_argument("--size", type=int, default=160, help="height and width of images in pixels")
    parser.add_argument("--maps", action="store_true", help="with the recipe's convolution before the pooling")
    arguments = parser.parse_args()
    settings = (
        "repair.classes=[]", "train.backbone=EfficientNetLite0", "export.formats=[tflite-float32]",
        f"image={{height: {arguments.size}, width: {arguments.size}}}",
        f"train.phases=[{{unfreeze: none, epochs: {EPOCHS}, learning_rate: 1.0e-3, decay: 0.9, batch: 32}}]",
    )  # fmt: skip
    settings += () if arguments.maps else ("train.head.convolutions=[]",)
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, own in (("kept", "train.features_gib=4"), ("not kept", "train.features_gib=0")):
            summary, _ = retrain("garbage", Path(folder) / "store", *settings, own, source=arguments.archive.resolve())
            seconds[name] = seconds_of(summary)["train"]
            accuracy = {split: f"{values['accuracy']:.2%}" for split, values in summary["metrics"].items()}
            print(f"features {name}: training {seconds[name]:.0f} s, accuracy {accuracy}", flush=True)
    print(f"kept is {seconds['not kept'] / seconds['kept']:.1f} times as fast, over {EPOCHS} epochs")


if __name__ == "__main__":
    main()
