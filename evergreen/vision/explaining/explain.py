"""Heat maps of any model: by Grad-CAM where it has a feature map, by occlusion where it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evergreen.vision.explaining.grad_cam import grad_cam
from evergreen.vision.explaining.occlusion import Ask, occlusion
from evergreen.vision.explaining.parts import parts_of

GRAD_CAM, OCCLUSION = "grad-cam", "occlusion"


@dataclass(frozen=True)
class Explainer:
    """What makes heat maps of one model's answers.

    Attributes:
        method: ``grad-cam`` or ``occlusion``.
        heat: from images, (N, H, W, 3) uint8 RGB as the model takes them, and a class for each, (N,) int, to
            (N, H, W) float32, 0-1.
    """

    method: str
    heat: Callable[[np.ndarray, np.ndarray], np.ndarray]


def explainer(ask: Ask, network: Any | None = None) -> Explainer:
    """Return what makes heat maps of a model's answers.

    Args:
        ask: the model, as ``occlusion`` takes it.
        network: the ``keras.Model`` that answers; None of an export.
    """
    parts = parts_of(network) if network is not None else None
    if parts is None:
        return Explainer(OCCLUSION, partial(occlusion, ask))
    return Explainer(GRAD_CAM, partial(grad_cam, parts))
