"""What decides the bytes that come of an image: a worker in which it differs from this machine is refused."""

from __future__ import annotations

import hashlib
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from evergreen.cluster import Cluster
from evergreen.errors import BadInput
from runs.keys import fingerprint_of

if TYPE_CHECKING:
    import numpy as np

_LIBRARIES = ("opencv-python-headless", "pillow", "pillow-heif", "numpy", "blake3")
_PROGRAM = ("evergreen.datasets.measure_worker:answer", "evergreen.images.pixels:Images.rows")
_SIZES = ((700, 520), (300, 200), (64, 64))


@dataclass(frozen=True)
class Traits:
    """What of a machine decides the bytes.

    Attributes:
        host: its name, for people.
        told: versions of the program, libraries and decoders, the kind of processor, and a digest of what the machine
            makes of drawn pictures: what its processor's own instructions would change, shows there.
    """

    host: str
    told: Mapping[str, str]

    def agree(self, cluster: Cluster) -> None:
        """Return if the traits of one of a cluster's workers are those of this machine.

        Raises:
            BadInput: they differ; it says in what.
        """
        if told := self.differing(traits()):
            raise BadInput(
                f"{cluster.where}: a worker on {self.host} would answer with other bytes than this machine. {told}. "
                "Bring it to this program and its requirements.lock and start it again, or "
                f"{cluster.address.without}; what was answered so far is kept"
            )

    def differing(self, own: Traits) -> str:
        """Return in words in what these are others than a machine's own; empty if they are the same."""
        return "; ".join(
            f"{name}: expected {value}, received {self.told.get(name, 'none')}"
            for name, value in own.told.items()
            if self.told.get(name) != value
        )


@cache
def traits() -> Traits:
    """Return the traits of this machine, as this process first found them."""
    from PIL import features

    from evergreen.images.door import require_decoders
    from evergreen.images.formats import CODECS

    require_decoders()
    told = {name: version(name) for name in _LIBRARIES}
    told["decoders"] = ", ".join(f"{name} {features.version(codec)}" for codec, name in sorted(CODECS.items()))
    told["processor"] = platform.machine()
    told["program"] = hashlib.sha256("".join(fingerprint_of(core, ()) for core in _PROGRAM).encode()).hexdigest()[:12]
    told["what is made of drawn pictures"] = _drawn()
    return Traits(platform.node(), told)


def _drawn() -> str:
    """Return a digest of what measuring and resizing give for pictures that are alike on every machine."""
    import cv2
    import numpy as np

    from evergreen.datasets.measure import measure
    from evergreen.images.door import open_image

    found = hashlib.sha256()
    for number, (width, height) in enumerate(_SIZES):
        rough = np.random.default_rng(number).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
        pixels = np.ascontiguousarray(rough.repeat(8, 0).repeat(8, 1)[:height, :width])
        for data in (cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes(), _webp(pixels)):
            found.update(json.dumps(measure(data, 1)).encode())
            picture = open_image(data, 1).pixels
            for how in (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC):
                found.update(cv2.resize(picture, (49, 40), interpolation=how).tobytes())
    return found.hexdigest()[:12]


def _webp(pixels: np.ndarray) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "WEBP", quality=90)
    return data.getvalue()
