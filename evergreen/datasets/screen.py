"""Which files are images that can be used: every file ends up accepted, or quarantined with a reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergreen.datasets.door import open_image
from evergreen.datasets.tables import ReadBlob
from evergreen.errors import BadImage

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Screen

_COLUMNS = ["path", "label", "sha256", "bytes", "width", "height", "mode", "format", "pixels"]


@dataclass(frozen=True)
class Screened:
    """What screening found; accepted and quarantined rows add up to the dataset's.

    Attributes:
        accepted: path, label, sha256, bytes, width, height, mode, format, pixels (SHA-256 of the normalised pixels).
        quarantine: path, label, sha256, reason.
        duplicates: rows of ``accepted`` whose pixels stand under an earlier path too, with ``same_as``.
    """

    accepted: pd.DataFrame
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame


def screen(dataset: pd.DataFrame, read: ReadBlob, settings: Screen) -> Screened:
    """Put every image through the door.

    Args:
        dataset: path, label, sha256, bytes.
        read: gives the bytes for a SHA-256.
        settings: the limit in megapixels, and what happens to conflicting labels.
    """
    import pandas as pd

    accepted, refused = [], []
    for row in dataset.itertuples():
        try:
            picture = open_image(read(row.sha256), settings.max_megapixels)
        except BadImage as error:
            refused.append((row.path, row.label, row.sha256, str(error)))
            continue
        height, width, _ = picture.pixels.shape
        shape = f"{height}x{width}:".encode()
        pixels = hashlib.sha256(shape + picture.pixels.tobytes()).hexdigest()
        accepted.append(
            (row.path, row.label, row.sha256, row.bytes, width, height, picture.mode, picture.format, pixels)
        )
    table = pd.DataFrame(accepted, columns=_COLUMNS)
    if settings.conflicts == "quarantine":
        labels = table.groupby("pixels")["label"].transform("nunique") if len(table) else table["label"]
        conflict = table[labels.astype("int64") > 1]
        refused += [
            (row.path, row.label, row.sha256, "the same pixels stand under another label")
            for row in conflict.itertuples()
        ]
        table = table.drop(conflict.index).reset_index(drop=True)
    first = table.groupby("pixels")["path"].transform("first")
    repeats = table.assign(same_as=first)[table["path"] != first][["path", "label", "sha256", "same_as"]]
    quarantine = pd.DataFrame(refused, columns=["path", "label", "sha256", "reason"])
    return Screened(table, quarantine.sort_values("path", ignore_index=True), repeats.reset_index(drop=True))
