"""A map of judged images: what PCA and t-SNE keep of a run's features. docs/evaluation.md has the numbers.

    python benchmarks/projection.py STORE RUN        a run's judged images, by its model's features

RUN is the folder's name below STORE/runs. For the features themselves and either way: the mean share of an image's 10
nearest that are of its class, and of the 10 nearest by features that are the same in the plane.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from evergreen.drifting.projection import NEIGHBOURS, project
from evergreen.images.pixels import Images
from evergreen.judging.judged import judged_images
from evergreen.recipe import parse_recipe
from evergreen.vectors import squared_distances, unit_length
from evergreen.vision.drift import seen
from runs.tables import classes_of, read_table
from storage.artifacts import Ref
from storage.store import Store


def features_of(store: Store, run: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of a run's judged images, 2,000 at most, (N, C), and their labels."""
    summary = json.loads((store.root / "runs" / run / "run.json").read_text())
    made: dict[str, Ref] = {
        step["name"]: store.manifest(step["output"]).ref() for step in summary["steps"] if step["output"]
    }
    table = judged_images(read_table(store, made["split"])).sort_values("path", ignore_index=True)
    if len(table) > 2000:
        table = table.sample(2000, random_state=0).sort_values("path", ignore_index=True)
    recipe = parse_recipe(summary["settings"], "run.json")
    with store.workspace() as folder:
        store.materialise(made["train"], folder)
        known = seen(
            table,
            np.arange(len(table)),
            Images(store.read_blob),
            classes_of(store, made["split"]),
            recipe.image,
            folder / "model.keras",
        )
    return np.asarray(known.features), table["label"].to_numpy()


def agreement(places: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean share of the nearest that are of an image's own class."""
    apart = squared_distances(places, places)
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    return float((labels[near] == labels[:, None]).mean())


def main() -> None:
    """Print what is kept."""
    features, labels = features_of(Store(Path(sys.argv[1])), sys.argv[2])
    began = time.process_time()
    found = project(features)
    seconds = time.process_time() - began
    print(f"{len(features)} images, {features.shape[1]} features, {seconds:.1f} s of a processor")
    print(f"features  own class {agreement(unit_length(features), labels):.1%}")
    for way, places in found.ways.items():
        print(f"{way:8}  own class {agreement(places, labels):.1%}  neighbours kept {found.kept[way]:.1%}")
    print(f"variance of the axes of PCA {found.variance:.1%}")


if __name__ == "__main__":
    main()
