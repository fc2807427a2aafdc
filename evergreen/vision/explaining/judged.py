"""Heat maps of some judged images: those of the highest loss, and some that are answered right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.images.rows import Rows
from evergreen.images.thumbnails import grey_png, smaller
from evergreen.vision.explaining.explain import explainer
from evergreen.vision.explaining.scale import on_picture

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image

WORST, RIGHT = 8, 6


@dataclass(frozen=True)
class Heat:
    """Heat maps of some judged images.

    Attributes:
        method: ``grad-cam`` or ``occlusion``.
        images: one entry an image, the highest loss first, then those answered right: ``path``; ``maps``, one for the
            answer and, where that is wrong, one for the true class: ``label`` and ``file``, a name in ``files``.
        files: grey PNGs, 0 (cold) to 255 (hot), as large as the ``thumbnail`` of the image.
    """

    method: str
    images: list[dict[str, Any]]
    files: dict[str, bytes]

    def as_json(self) -> dict[str, Any]:
        """Return ``method`` and ``images``."""
        return {"method": self.method, "images": self.images}


def heat_of(model: Any, rows: Rows, judged: pd.DataFrame, classes: list[str], images: Images, image: Image) -> Heat:
    """Return the heat maps of some judged images.

    Args:
        model: a ``keras.Model`` of raw images.
        rows: images, as the network takes them.
        judged: of each judged image path, label, predicted, loss and sha256; the index is its position in ``rows``.
        classes: class names in order.
        images: where pictures are read.
        image: how they became the network's.
    """
    shown = chosen(judged, classes)
    asked = [
        (row.path, position, label)
        for position, row in zip(shown.index, shown.itertuples(), strict=True)
        for label in dict.fromkeys((row.predicted, row.label))
    ]
    made = explainer(lambda some: pixels.scores(model, Rows.of(some)), model)
    positions = np.array([position for _, position, _ in asked], np.int64)
    maps = made.heat(rows.gather(positions), pixels.targets([label for *_, label in asked], classes))
    entries: dict[str, dict[str, Any]] = {path: {"path": path, "maps": []} for path in shown["path"]}
    sizes = {path: smaller(images.pixels_of(digest)).shape for path, digest in shown[["path", "sha256"]].to_numpy()}
    files = {}
    for number, ((path, _, label), heat) in enumerate(zip(asked, maps, strict=True)):
        name, (height, width, _) = f"{number:02}", sizes[path]
        files[name] = grey_png((on_picture(heat, height, width, image) * 255).round().astype(np.uint8))
        entries[path]["maps"].append({"label": label, "file": name})
    return Heat(made.method, list(entries.values()), files)


def chosen(judged: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Return the ``WORST`` images of the highest loss, then ``RIGHT`` others that are answered right.

    Those are the surest of their classes, as many of each as there is room for; of many classes, evenly from the first
    to the last.

    Args:
        judged: path, label, predicted, loss.
        classes: class names in order.
    """
    import pandas as pd

    worst = judged.sort_values(["loss", "path"], ascending=[False, True]).head(WORST)
    right = judged[(judged["label"] == judged["predicted"]) & ~judged.index.isin(worst.index)]
    right = right.sort_values(["loss", "path"])
    right = right.assign(rank=right.groupby("label").cumcount(), number=pixels.targets(right["label"], classes))
    right = right.sort_values(["rank", "number"])
    surest = right[right["rank"] == 0]
    if len(surest) > RIGHT:
        right = surest.iloc[np.linspace(0, len(surest) - 1, RIGHT).round().astype(int)]
    return pd.concat([worst, right.head(RIGHT).drop(columns=["rank", "number"])])
