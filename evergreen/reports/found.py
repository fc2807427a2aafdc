"""What the steps found, in groups by step: what the report of a run and an inspection show alike, and a run's own.

Tables and JSON values are as the steps describe them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evergreen.datasets.deciding.undecided import undecided
from evergreen.decisions.decision import Decision
from evergreen.reports.labels import AS_IT_IS, IMAGES, SIDES, changes_of, labels_of, sentences
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

MOST_SAID = 50


@dataclass(frozen=True)
class Repairs:
    """What became of the files as they came.

    Attributes:
        renames: one row a folder: folder, subset, label, what, why, count.
        dropped: one row a reason: reason, count.
        notes: one row a harmless finding: note.
    """

    renames: pd.DataFrame
    dropped: pd.DataFrame
    notes: pd.DataFrame

    @property
    def meaning(self) -> dict[str, Any]:
        """What a page shows of it: ``said``, (kind, sentence) each; ``changed`` and ``all``: folders, as in renames."""
        labels = labels_of(*(table.to_dict("records") for table in (self.renames, self.dropped, self.notes)))
        changed = self.renames["what"] != AS_IT_IS
        return {
            "said": [(kind, text) for kind, text in sentences(labels, MOST_SAID) if kind not in changes_of(labels)],
            "changed": self.renames[changed].to_dict("records"),
            "all": self.renames.to_dict("records"),
        }


@dataclass(frozen=True)
class Screening:
    """What is wrong with images, or the same.

    Attributes:
        quarantine: one row a file that is never used: path, sha256, origin, reason.
        duplicates: pairs of equal pixels: path, same_as.
        near_duplicates: pairs: path, near, distance in bits.
        values: of pictures with more than 8 bits a channel, which are black and white, as ``screen.range``.
    """

    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    near_duplicates: pd.DataFrame
    values: tuple[float, float] | None = None


@dataclass(frozen=True)
class Splits:
    """The dataset that a training gets, and what is in none of its splits.

    Attributes:
        classes: class names in order.
        dataset: one row an image: path, label, sha256, split and more; without split where nothing was split.
        leakage: near-duplicate pairs on different sides: path, split, near, near_split, distance.
        unlabelled: images without a label.
        aside: images that were set aside.
        groups: images of every group of folders on every side: group, split, count.
        notes: what people should know of the split, one sentence each.
    """

    classes: list[str]
    dataset: pd.DataFrame
    leakage: pd.DataFrame
    unlabelled: pd.DataFrame
    aside: pd.DataFrame
    groups: pd.DataFrame
    notes: list[str]


@dataclass(frozen=True)
class Data:
    """A dataset on its way from files to what a training gets.

    Attributes:
        repairs: of the files as they came.
        screening: of the images.
        splits: of the images that are left.
        weights: class -> weight on the loss of its training images; none where nothing was split.
        sources: as ``by_source`` gives it; None where a recipe has one source.
    """

    repairs: Repairs
    screening: Screening
    splits: Splits
    weights: dict[str, float]
    sources: pd.DataFrame | None = None


def by_source(sources: pd.DataFrame, quarantine: pd.DataFrame, splits: Splits) -> pd.DataFrame:
    """Return what came of each source: one row a source, its images by where they are, of kinds that there are.

    Args:
        sources: path and source of every image that is counted.
        quarantine: path of each that is not used.
        splits: the others.
    """
    places = dict.fromkeys(quarantine["path"], "quarantined") | dict.fromkeys(splits.unlabelled["path"], UNLABELLED)
    places |= dict.fromkeys(splits.aside["path"], "set aside") if len(splits.aside) else {}
    dataset = splits.dataset
    places |= dict(
        zip(dataset["path"], dataset["split"] if "split" in dataset else [IMAGES] * len(dataset), strict=True)
    )
    counts = sources.assign(place=sources["path"].map(places)).groupby(["source", "place"]).size().unstack(fill_value=0)
    order = [name for name in (*SIDES, IMAGES, UNLABELLED, "set aside", "quarantined") if name in counts]
    return counts[order].reset_index()


@dataclass(frozen=True)
class Trained:
    """How the training went.

    Attributes:
        history: one row an epoch.
        ended: why it ended, as ``judging.ended.words`` takes it.
        taught: who taught it, as ``judging.taught.words`` takes it; None if nobody did.
        backgrounds: of how many images, as ``backgrounds.told.words`` takes it; None if none was replaced.
    """

    history: pd.DataFrame
    ended: dict[str, Any]
    taught: dict[str, Any] | None = None
    backgrounds: dict[str, Any] | None = None


@dataclass(frozen=True)
class Evaluated:
    """How good the model is.

    Attributes:
        judged: the split that numbers are from: test, or validation where there is no test split.
        top_k: how many of the likeliest classes count in ``top_k_accuracy``.
        metrics: by split.
        per_class: one row a class of the judged split.
        averages: macro and weighted, of the judged split.
        confusion: true class by row, answers by column.
        predictions: one row an image of any split.
        verdict: ``verdict``, ``reasons`` and ``rules``.
        views: as ``metrics`` of one split, with test-time views, and ``words``; None where there are none.
    """

    judged: str
    top_k: int
    metrics: dict[str, dict[str, float]]
    per_class: pd.DataFrame
    averages: dict[str, dict[str, float]]
    confusion: pd.DataFrame
    predictions: pd.DataFrame
    verdict: dict[str, Any]
    views: dict[str, Any] | None = None

    @property
    def judged_predictions(self) -> pd.DataFrame:
        """The predictions of judged images."""
        return self.predictions[self.predictions["split"] == self.judged]

    @property
    def wrong(self) -> pd.DataFrame:
        """The predictions of judged images that are answered wrong."""
        judged = self.judged_predictions
        return judged[judged["label"] != judged["predicted"]]


@dataclass(frozen=True)
class Calibrated:
    """How far the model's probabilities can be taken at their word.

    Attributes:
        facts: as ``judging.calibration.Calibration.as_json`` returns them.
        reliability: ``as it is`` and ``scaled``: bins.
    """

    facts: dict[str, Any]
    reliability: dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Shortcuts:
    """What the model leans on.

    Attributes:
        found: ``sample`` and ``changes``.
        examples: change -> PNG, ``as it is`` among them.
    """

    found: dict[str, Any]
    examples: dict[str, bytes]


@dataclass(frozen=True)
class Heats:
    """Which parts of some judged pictures spoke for the answer.

    Attributes:
        facts: ``method`` and ``images``, as ``vision.explaining.judged.Heat`` has them.
        maps: name -> grey PNG.
    """

    facts: dict[str, Any]
    maps: dict[str, bytes]


@dataclass(frozen=True)
class Diagnosed:
    """Which labels are suspect.

    Attributes:
        facts: as ``diagnosing.diagnosis.Diagnosis`` has them.
        suspects: rank, path, sha256, kind, label, suggested, confidence, reason.
        made: SHA-256 -> what a person decided about that image.
    """

    facts: dict[str, Any]
    suspects: pd.DataFrame
    made: Mapping[str, Decision] = field(default_factory=dict)

    def left(self) -> list[dict[str, Any]]:
        """Return the rows of suspects about which nobody has decided, the best to look at first on top."""
        rows = [{str(name): value for name, value in row.items()} for row in self.suspects.to_dict("records")]
        return undecided(rows, self.made)


@dataclass(frozen=True)
class Exported:
    """What the exports showed in their runtimes.

    Attributes:
        proofs: one entry a format, as ``verification.json``.
        sizes: format -> bytes of its files together.
        int8: how ``tflite-int8`` came to be: what was tried, and which of it is exported; None where nobody asked.
    """

    proofs: list[dict[str, Any]]
    sizes: dict[str, int]
    int8: dict[str, Any] | None = None
