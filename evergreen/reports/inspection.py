"""What a dataset looks like before anything is trained on it: one HTML page, and the pictures in it as files."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.datasets.screen import CONFLICT, CONFLICT_OF_SOURCES
from evergreen.images.augment import Augmenter, expanded
from evergreen.images.backgrounds.making import backgrounds_of
from evergreen.images.backgrounds.replacing import Backgrounds
from evergreen.images.backgrounds.told import words as in_words
from evergreen.images.door import SCREENED, open_image
from evergreen.images.pixels import resize
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.images.thumbnails import thumbnail
from evergreen.reports import pictures
from evergreen.reports.found import Data
from evergreen.reports.labels import IMAGES, SIDES, by_reason
from evergreen.reports.page import both, render
from evergreen.sections.augment import Augment
from evergreen.sections.background import Background
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image

_SAMPLES_PER_CLASS = 6
_MOST_CLASSES = 30
_MOST_DRAWN = 100  # classes in a picture: one of thousands would be taller than a picture can be
_MOST_PAIRS = 9
_MOST_QUARANTINED = 18
_MOST_ROWS = 200
_AUGMENTED = 5
_VIEWS = 5
_CUT_OUT, _CUT_OUT_SHOWN, _CUT_OUT_VIEWS = 200, 5, 3
_MOST_VIEWS = 100  # are looked through for some with another background
_MAGNITUDES = (0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class Inspected:
    """What an inspection shows: the data, and what of the recipe it needs.

    Attributes:
        refused: why the split refuses the images, in words; empty if it divided them.
    """

    name: str
    title: str
    data: Data
    image: Image
    augment: Augment
    seed: int
    refused: str = ""


def inspect(found: Inspected, read: ReadBlob) -> dict[str, bytes]:
    """Return file name -> bytes: ``inspection.html`` and its PNG pictures. No clock: equal data give equal bytes.

    Args:
        found: what the steps found.
        read: gives an image's bytes for its SHA-256.
    """
    dataset, counts = found.data.splits.dataset, class_counts(found)
    shown_counts = _largest_and_smallest(counts)
    drawn = {"class_distribution.png": both(pictures.class_distribution, shown_counts)}
    if len(dataset):
        drawn["resolutions.png"] = both(pictures.resolutions, dataset)
        drawn["samples.png"] = both(pictures.gallery, _samples(found, read), _SAMPLES_PER_CLASS)
    if magnitudes := _magnitudes(found, read):
        drawn["magnitudes.png"] = both(pictures.gallery, magnitudes, 1 + len(_MAGNITUDES))
    if augmented := _augmented(found, read):
        drawn["augmentation.png"] = both(pictures.gallery, augmented, 1 + _VIEWS)
    behind, cut_out = _backgrounds(found, read)
    if cut_out:
        drawn["backgrounds.png"] = both(pictures.gallery, cut_out, 2 + _CUT_OUT_VIEWS)
    if pairs := _pairs(found, read):
        drawn["duplicates.png"] = both(pictures.gallery, pairs)
    if refused := _quarantined(found, read):
        drawn["quarantine.png"] = both(pictures.gallery, refused)
    page = render(
        "inspection.html.j2",
        found=found,
        counts=counts.to_dict("index"),
        splits=list(counts.columns),
        measures=dataset[["width", "height", "brightness", "sharpness"]].describe().loc[["min", "mean", "max"]],
        formats=dataset.groupby(["format", "mode"]).size().sort_values(ascending=False).to_dict(),
        augmentation=_settings(found.augment),
        behind=behind,
        meaning=found.data.repairs.meaning,
        quarantined=by_reason(found.data.screening.quarantine["reason"]),
        drawn_classes=len(shown_counts),
        most_classes=_MOST_CLASSES,
        most_rows=_MOST_ROWS,
        pictures=drawn,
    )
    return {"inspection.html": page, **{name: light for name, (light, _) in drawn.items()}}


def _settings(augment: Augment) -> list[str]:
    """Return what the augmentation does, in words, a magnitude replaced by what it stands for."""
    values = expanded(augment).model_dump()
    changed = [name for name, value in values.items() if name != "fill" and value != Augment.model_fields[name].default]
    return [_setting(name, values[name]) for name in changed] + [f"fill {augment.fill}"]


def _setting(name: str, value: Any) -> str:
    if isinstance(value, dict):  # a section of its own
        said = (f"{inner} {each}" for inner, each in value.items() if each is not None)
        return f"{name} ({', '.join(said)})"
    return f"{name} {value}"


def class_counts(found: Inspected) -> pd.DataFrame:
    """Return how many images each class has, one row a class in order, one column a split, or ``images``."""
    splits = found.data.splits
    if found.refused:
        counts = splits.dataset["label"].value_counts().rename(IMAGES)
        return counts.reindex(splits.classes, fill_value=0).to_frame()
    counts = splits.dataset.groupby(["label", "split"]).size().unstack(fill_value=0)
    columns = [name for name in SIDES if name in counts]
    return counts.reindex(splits.classes, fill_value=0)[columns]


def _largest_and_smallest(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a picture has room for, in their order."""
    if len(counts) <= _MOST_DRAWN:
        return counts
    order = counts.sum(axis=1).to_numpy().argsort(kind="stable")
    return counts.iloc[sorted({*order[: _MOST_DRAWN // 2], *order[-_MOST_DRAWN // 2 :]})]


def _samples(found: Inspected, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return the first images of every class by digest, which is as good as by chance and stays the same."""
    shown = []
    splits = found.data.splits
    for label, digests in _first_of_each(splits.dataset, splits.classes[:_MOST_CLASSES], _SAMPLES_PER_CLASS):
        some = [(_small(found, read, digest), label if number == 0 else "") for number, digest in enumerate(digests)]
        shown += some + [(_blank(), "")] * (_SAMPLES_PER_CLASS - len(some))
    return shown


def _first_of_each(table: pd.DataFrame, classes: Sequence[str], count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each class with the SHA-256 of its first images by the digest of their pixels; none is sorted for it."""
    places = table.groupby("label", sort=False).indices
    pixels, digests = table["pixels"].to_numpy(), table["sha256"].to_numpy()
    for label in classes:
        first = heapq.nsmallest(count, places.get(label, ()), key=pixels.__getitem__)
        yield label, [str(digests[place]) for place in first]


def _augmented(found: Inspected, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return some training images, each followed by the first views that a training would see of it.

    Those that are mixed are mixed among themselves: a training draws partners from all of its images.
    """
    some = _some_training_images(found, read)
    if not (Augmenter(found.augment, found.seed).active and some):
        return []
    keys, as_they_are = [bytes.fromhex(digest) for digest, _ in some], np.stack([pixels for _, pixels in some])
    behind = _behind(found, some) if found.augment.background else None
    augmenter = Augmenter(found.augment, found.seed, behind)
    with Threads(1) as threads:
        views = [augmenter.together(as_they_are, keys, view, threads) for view in range(_VIEWS)]
    shown: list[tuple[Any, str]] = []
    for index, pixels in enumerate(as_they_are):
        shown += [(pixels, "as it is"), *((view[index], f"view {number + 1}") for number, view in enumerate(views))]
    return shown


def _backgrounds(found: Inspected, read: ReadBlob) -> tuple[str, list[tuple[Any, str]]]:
    """Return of how many training images the background can be replaced, in words; and some, cut out and replaced.

    Of a sample, as many of each class: the others would have to be decoded for it.
    """
    if not found.augment.background:
        return "", []
    each = -(-_CUT_OUT // max(1, len(found.data.splits.classes)))
    some = _some_training_images(found, read, each, _CUT_OUT)
    behind = _behind(found, some)
    shown: list[tuple[Any, str]] = []
    with Threads(1) as threads:
        cut_out = np.flatnonzero(behind.found)
        for at in cut_out[:: max(1, len(cut_out) // _CUT_OUT_SHOWN)][:_CUT_OUT_SHOWN]:
            digest, pixels = some[at]
            (cut,) = behind.cutouts.gather(np.array([at]))
            views = islice(behind.replaced(pixels, bytes.fromhex(digest), _MOST_VIEWS, threads), _CUT_OUT_VIEWS)
            row = [(pixels, "as it is"), (np.dstack([cut[..., 3]] * 3), "what is cut out")]
            row += [(view, f"view {number + 1}") for number, view in views]
            shown += row + [(_blank(), "")] * (2 + _CUT_OUT_VIEWS - len(row))
    return in_words(behind.facts()), shown


def _behind(found: Inspected, some: list[tuple[str, Any]]) -> Backgrounds:
    """Return what may stand behind the objects of some images, which lend their surroundings to each other alone."""
    digests, settings = [digest for digest, _ in some], found.augment.background or Background()
    rows = Rows.of(np.stack([pixels for _, pixels in some]))
    return backgrounds_of(settings, found.seed, rows, digests, [bytes.fromhex(digest) for digest in digests])


def _magnitudes(found: Inspected, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return some training images, each followed by one view at every magnitude."""
    augmenters = [
        (Augmenter(Augment(magnitude=magnitude, fill=found.augment.fill), found.seed), f"magnitude {magnitude:g}", 0)
        for magnitude in _MAGNITUDES
    ]
    shown = []
    for digest, pixels in _some_training_images(found, read):
        shown += [(pixels, "as it is"), *_views(digest, pixels, augmenters)]
    return shown


def _views(digest: str, pixels: Any, views: list[tuple[Augmenter, str, int]]) -> list[tuple[Any, str]]:
    key = bytes.fromhex(digest)
    with Threads(1) as threads:
        return [(augmenter(pixels[None], [key], view, threads)[0], caption) for augmenter, caption, view in views]


def _some_training_images(
    found: Inspected, read: ReadBlob, each: int = 1, most: int = _AUGMENTED
) -> list[tuple[str, Any]]:
    """Return SHA-256 and pixels, as a network is given them, of some training images of each of the first classes.

    Where nothing was split, any image might be one.
    """
    splits = found.data.splits
    training = splits.dataset if found.refused else splits.dataset[splits.dataset["split"] == "train"]
    chosen = (digests for _, digests in _first_of_each(training, splits.classes, each))
    digests = list(islice((digest for some in chosen for digest in some), most))
    values = found.data.screening.values
    opened = [(digest, open_image(read(digest), SCREENED, values=values)) for digest in digests]
    return [(digest, resize(picture.pixels, found.image)) for digest, picture in opened]


def _pairs(found: Inspected, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return pairs of exact duplicates, then of near ones, side by side."""
    dataset, screening = found.data.splits.dataset, found.data.screening
    digest = dict(zip(dataset["path"], dataset["sha256"], strict=True))
    pairs = [(row.path, row.same_as, "equal pixels") for row in screening.duplicates.itertuples()]
    near = screening.near_duplicates.sort_values(["distance", "path"])
    pairs += [(row.path, row.near, f"{row.distance} of 64 bits differ") for row in near.itertuples()]
    shown = []
    for one, other, why in [pair for pair in pairs if pair[0] in digest and pair[1] in digest][:_MOST_PAIRS]:
        shown += [
            (_small(found, read, digest[one]), f"{_short(one)}\n{why}"),
            (_small(found, read, digest[other]), _short(other)),
        ]
    return shown


def _quarantined(found: Inspected, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return quarantined images whose decoders did nothing wrong: those of conflicting labels."""
    quarantine = found.data.screening.quarantine
    rows = quarantine[quarantine["reason"].isin((CONFLICT, CONFLICT_OF_SOURCES))].head(_MOST_QUARANTINED)
    return [(_small(found, read, row.sha256), f"{_short(row.path)}\n{row.reason[:28]}") for row in rows.itertuples()]


def _small(found: Inspected, read: ReadBlob, digest: str) -> Any:
    return thumbnail(read(digest), values=found.data.screening.values)


def _blank() -> Any:
    return np.full((8, 8, 3), 255, np.uint8)


def _short(path: str) -> str:
    return path if len(path) <= 21 else f"...{path[-18:]}"
