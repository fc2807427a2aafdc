"""Measure every export format that can be written here in its own runtimes, and int8 beside float32.

    .venv/bin/python benchmarks/formats.py digits
    .venv/bin/python benchmarks/formats.py trashnet dataset-resized.zip

trashnet is garbage's recipe with EfficientNet-Lite0. The numbers are those of the step verify: images are shown one
at a time, on the CPU, in a process that does nothing else; load is from the files to the first answer.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from retraining import retrain

from evergreen.reports.markdown import markdown_table
from evergreen.vision.formats.catalogue.known import KNOWN

LACKING = [name for name, known in KNOWN.items() if known.absent(known.writers)]
EVERY_FORMAT = f"export.formats=[{', '.join(name for name in KNOWN if name not in LACKING)}]"
MOST_SIZE = 0.3
COLUMNS = (
    "format", "runtime", "verified", "KiB", "agreement", "largest difference", "accuracy (95 %)", "load s", "median ms",
    "p95 ms", "threads",
)  # fmt: skip


def main() -> None:
    """Retrain with every format and print what each showed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("digits", "trashnet"))
    parser.add_argument("archive", type=Path, nargs="?", help="trashnet's zip")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="also set this in the recipe")
    parser.add_argument("--store", type=Path, help="keep the store here, to look at the run")
    arguments = parser.parse_args()
    if (arguments.what == "trashnet") != (arguments.archive is not None):
        parser.error("trashnet needs its archive, digits has none")
    with tempfile.TemporaryDirectory() as folder:
        store = arguments.store or Path(folder)
        if arguments.what == "digits":
            summary, _ = retrain("digits", store, EVERY_FORMAT, *arguments.settings)
        else:
            settings = ("train.backbone=EfficientNetLite0", "repair.classes=[]", EVERY_FORMAT, *arguments.settings)
            summary, _ = retrain("garbage", store, *settings, source=arguments.archive.resolve())
    show(summary)


def show(summary: dict[str, Any]) -> None:
    """Print the table, and what int8 saves."""
    if LACKING:
        print(f"left out, for what writes them is not installed (evergreen formats): {', '.join(LACKING)}\n")
    test = summary["metrics"]["test"]
    print(f"Keras model: test accuracy {test['accuracy']:.2%} of {test['count']:.0f} images\n")
    rows = [
        (export["format"], run["runtime"], run["verified"], f"{export['bytes'] / 1024:,.0f}", *_cells(run))
        for export in summary["exports"]
        for run in export["runtimes"]
    ]
    print(markdown_table(COLUMNS, rows))
    for export in summary["exports"]:
        if export["verified"] != "passed":
            print(f"\n{export['format']} {export['verified']}: {export['reason']}")
    by_format = {export["format"]: export for export in summary["exports"]}
    if not {"tflite-int8", "tflite-float32"} <= set(by_format):
        return
    small, large = by_format["tflite-int8"], by_format["tflite-float32"]
    size = small["bytes"] / large["bytes"]
    time = small["runtimes"][0]["median_ms"] / large["runtimes"][0]["median_ms"]
    verdict = "met" if size <= MOST_SIZE else "missed"
    print(f"\ntflite-int8 / tflite-float32: size {size:.3f} (bar {MOST_SIZE}: {verdict}), median latency {time:.2f}")


def _cells(run: dict[str, Any]) -> list[str]:
    """Return the cells of what was measured; empty if the runtime did not run."""
    if run["agreement"] is None:
        return [""] * (len(COLUMNS) - 4)
    accuracy = f"{run['accuracy']:.2%} ({run['accuracy_low']:.1%}-{run['accuracy_high']:.1%})"
    times = [f"{run[name]:.3g}" for name in ("load_seconds", "median_ms", "p95_ms")]
    return [f"{run['agreement']:.2%}", f"{run['max_difference']:.2g}", accuracy, *times, str(run["threads"])]


if __name__ == "__main__":
    main()
