"""Measure the diagnosis of labels: some training labels are changed at random, and looked for.

    .venv/bin/python benchmarks/doctor.py digits
    .venv/bin/python benchmarks/doctor.py trashnet dataset-resized.zip [--train]

Validation and test keep their labels. With 3 % changed: which share of the changed ones is among the first 6 % of the
training images, as the table of suspects ranks them. With 10 %: among the first 15 %, and the test accuracy of logistic
regression over what the images were compared by, before, with them, and once a person who is always right has decided
on those 15 %. With ``--train`` the recipe itself is trained on each of the three, from folders by side (once, the first
seed), and the seconds of its steps diagnose and train are told.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from retraining import doctor, retrain, seconds_of
from sklearn.linear_model import LogisticRegression

from evergreen.diagnosing import diagnosis as diagnosing
from evergreen.diagnosing.diagnosis import Labelled, Seen
from evergreen.diagnosing.probes import compact
from evergreen.judging.metrics import wilson
from evergreen.recipe import load_recipe
from evergreen.vision.diagnose import diagnose
from runs.kept.caches import images_of
from runs.run import Run
from runs.tables import classes_of, read_table
from storage.store import Store

SEEDS = range(5)
RECIPES = {
    "digits": ("digits", []),
    "trashnet": ("garbage-lite", ["name=trashnet", "repair.classes=[cardboard,glass,metal,paper,plastic,trash]"]),
}


class Bench:
    """A dataset, what its images are compared by, and who learns from its labels."""

    def __init__(self, what: str, source: str | None, root: Path) -> None:
        name, self.settings = RECIPES[what]
        self.name, self.source = name, source
        self.recipe = load_recipe(name, self.settings, source)
        summary = doctor(name, root, *self.settings, source=Path(source).resolve() if source else None)
        self.told = summary["diagnosis"]
        self.store = Store(root)
        outputs = {step["name"]: self.store.manifest(step["output"]).ref() for step in summary["steps"]}
        self.table = read_table(self.store, outputs["split"]).sort_values("path", ignore_index=True)
        self.classes = classes_of(self.store, outputs["split"])
        self.bits = int(self.store.manifest(outputs["screen"].sha256).facts["near_duplicate_bits"])
        self.images = images_of(Run.new(self.store, self.recipe))
        self.train = np.flatnonzero(self.table["split"] == "train")
        self.features = self._features()

    def _features(self) -> np.ndarray:
        kept: list[Seen] = []
        real = diagnosing.probed

        def spy(features: np.ndarray, *rest: Any) -> Any:
            kept.append(Seen(features, ""))
            return real(features, *rest)

        diagnosing.probed = spy
        self.suspects(self.table["label"])
        diagnosing.probed = real
        return compact(kept[0].features)

    def suspects(self, labels: pd.Series) -> pd.DataFrame:
        """Return the suspects under some labels."""
        none = self.table.head(0)
        given = Labelled(
            self.table.assign(label=labels), none, none.assign(group=[]), none.assign(reason=[]), self.bits
        )
        return diagnose(given, self.images, self.classes, self.recipe, print).suspects

    def changed(self, seed: int, share: float) -> pd.Series:
        """Return the labels, with a share of the training images' changed to another class at random."""
        rng = np.random.default_rng(seed)
        which = rng.choice(self.train, round(share * len(self.train)), replace=False)
        index = self.table["label"].map(self.classes.index).to_numpy().copy()
        index[which] = (index[which] + rng.integers(1, len(self.classes), len(which))) % len(self.classes)
        return pd.Series([self.classes[at] for at in index])

    def first(self, labels: pd.Series, share: float) -> set[str]:
        """Return the first training images of the table of suspects: as many as that share of all training images."""
        ranked = self.suspects(labels)
        training = ranked[ranked["path"].isin(self.table["path"].iloc[self.train])]
        return set(training["path"].drop_duplicates().head(round(share * len(self.train))))

    def found(self, labels: pd.Series, share: float) -> float:
        """Return which share of the changed labels is among the first."""
        wrong = set(self.table["path"][labels != self.table["label"]])
        return len(wrong & self.first(labels, share)) / len(wrong)

    def fixed(self, labels: pd.Series, share: float) -> pd.Series:
        """Return the labels once the first ones are as they were."""
        first = self.table["path"].isin(self.first(labels, share))
        return labels.where(~first, self.table["label"])

    def right(self, labels: pd.Series) -> tuple[int, int]:
        """Return how many test images are answered right by who learned from some labels, and of how many."""
        test = (self.table["split"] == "test").to_numpy()
        model = LogisticRegression(C=0.01, max_iter=1000).fit(self.features[self.train], labels.iloc[self.train])
        return int((model.predict(self.features[test]) == self.table["label"][test]).sum()), int(test.sum())

    def trained(self, labels: pd.Series, folder: Path) -> dict[str, Any]:
        """Return the summary of the recipe trained on some labels; validation and test are as they are."""
        for row, label in zip(self.table.to_dict("records"), labels, strict=True):
            path = folder / "photos" / row["split"] / label / row["path"].replace("/", "-")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store.read_blob(row["sha256"]))
        settings = (*self.settings, "split={method: predefined}", "export.formats=[tflite-float32]")
        return retrain(self.name, folder / "store", *settings, source=folder / "photos")[0]


def told(right: int, count: int) -> str:
    """Return an accuracy with its interval."""
    low, high = wilson(right, count)
    return f"{right / count:.2%} ({low:.1%} to {high:.1%})"


def each(name: str, value: Callable[[int], float]) -> None:
    """Print a share of each seed, and their mean with its standard error."""
    values = np.array([value(seed) for seed in SEEDS])
    error = values.std(ddof=1) / np.sqrt(len(values))
    print(f"{name}: {values.mean():.1%} +- {error:.1%} ({', '.join(f'{one:.1%}' for one in values)})", flush=True)


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=tuple(RECIPES))
    parser.add_argument("archive", nargs="?")
    parser.add_argument("--train", action="store_true", help="also train the recipe: before, with wrong labels, fixed")
    parser.add_argument("--store", type=Path, help="a store that stays, and keeps the features")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(arguments.what, arguments.archive, arguments.store or Path(temporary) / "store")
        print(bench.told["words"])
        print(bench.told["probabilities"]["words"])
        each("3 % wrong, in the first 6 %", lambda seed: bench.found(bench.changed(seed, 0.03), 0.06))
        each("10 % wrong, in the first 15 %", lambda seed: bench.found(bench.changed(seed, 0.1), 0.15))
        labels = {"as they were": [bench.table["label"]]}
        labels["10 % wrong"] = [bench.changed(seed, 0.1) for seed in SEEDS]
        labels["the first 15 % decided"] = [bench.fixed(one, 0.15) for one in labels["10 % wrong"]]
        for name, several in labels.items():
            answers = [bench.right(one) for one in several]
            mean = round(sum(right for right, _ in answers) / len(answers))
            print(f"a probe's test accuracy, labels {name}: {told(mean, answers[0][1])}, the mean of {len(answers)}")
        for name, several in labels.items() if arguments.train else ():
            summary = bench.trained(several[0], Path(temporary) / name.replace(" ", "-"))
            values, seconds = summary["metrics"]["test"], seconds_of(summary)
            right = round(values["accuracy"] * values["count"])
            cost = f"diagnose {seconds['diagnose']:.1f} s, train {seconds['train']:.1f} s"
            print(f"the recipe's test accuracy, labels {name}: {told(right, values['count'])}; {cost}", flush=True)


if __name__ == "__main__":
    main()
