"""Measure what bfloat16 costs in accuracy: pairs of trainings that differ in their precision alone.

    .venv/bin/python benchmarks/precision.py digits
    .venv/bin/python benchmarks/precision.py cifar10 cifar-10-images.zip --seeds 42 --epochs 8

Both of a pair share the split, the first weights, the order and the augmentation. Rounding changes every later step, so
single pairs differ by chance as much as two seeds do; what is asked is whether the mean over pairs does.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from retraining import retrain, seconds_of

PRECISIONS = ("auto", "float32")
SPLITS = ("validation", "test")


def main() -> None:
    """Print each pair, and the mean differences with their standard deviations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("digits", "cifar10"), help="plain CNNs, which bfloat16 is for")
    parser.add_argument("archive", type=Path, nargs="?", help="of the recipe's images; digits needs none")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 1, 2, 3, 4])
    parser.add_argument("--epochs", type=int, help="of the recipe's phase; all without it")
    arguments = parser.parse_args()
    settings = ["export.formats=[tflite-float32]"]
    settings += [f"train.phases.0.epochs={arguments.epochs}"] if arguments.epochs else []
    source = arguments.archive.resolve() if arguments.archive else None
    differences: dict[str, list[float]] = {split: [] for split in SPLITS}
    for seed in arguments.seeds:
        found: dict[str, dict[str, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for precision in PRECISIONS:
                own = (*settings, f"seed={seed}", f"train.precision={precision}")
                summary, _ = retrain(arguments.recipe, Path(folder), *own, source=source)
                found[precision] = {split: summary["metrics"][split]["accuracy"] for split in SPLITS}
                shown = ", ".join(f"{split} {found[precision][split]:.2%}" for split in SPLITS)
                print(f"seed {seed}, {precision}: {shown}, training {seconds_of(summary)['train']:.0f} s", flush=True)
        for split in SPLITS:
            differences[split].append(found["auto"][split] - found["float32"][split])
    for split, some in differences.items():
        spread = f", standard deviation {100 * statistics.stdev(some):.2f}" if len(some) > 1 else ""
        print(
            f"{split}: auto minus float32 {100 * statistics.mean(some):+.2f} points in the mean of {len(some)}{spread}"
        )


if __name__ == "__main__":
    main()
