"""How much faster Dask workers compute features; called by ``scale.py features``.

So many photos of a zip, at 224 pixels, are shown to EfficientNet-Lite0 without its head, frozen, with average pooling:
by this machine on one thread, on a cluster of this machine of one worker of a thread, and of two, in seconds of wall
time from the question to the last feature. Workers have answered for 1,024 pictures before: starting TensorFlow there
is not counted. All features must have the same bytes.
"""

import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from distributed import LocalCluster

from evergreen.cluster import Address
from evergreen.images.pixels import Outputs
from evergreen.vision.networks import batch_norm, efficientnet_lite, runtime
from evergreen.vision.training.features import outputs
from runs.spread.computing import OnCluster
from storage.digests import sha256_bytes

_SIDE = 224
_WARM = 1024  # pictures: enough that a cluster is asked


def features(archive: Path, count: int | None) -> dict[str, Any]:
    """Return the wall time of one network's features, here and on a cluster of one worker and of two."""
    pictures = opened(archive, count)
    runtime.start(0, threads=1)
    model = backbone()
    seconds: dict[str, float] = {}
    digests = set()
    for who in ("here", "1", "2"):
        with asked(who) as network:
            computed(network, model, pictures[:_WARM])
            began = time.monotonic()
            found = computed(network, model, pictures)
            seconds[who] = round(time.monotonic() - began, 2)
        digests.add(sha256_bytes(found.tobytes()))
        print(f"{who}: {seconds[who]:.2f} s")
    ratios = {"two_beside_one": seconds["1"] / seconds["2"], "two_beside_here": seconds["here"] / seconds["2"]}
    told = {name: round(ratio, 2) for name, ratio in ratios.items()}
    return {"images": len(pictures), "seconds": seconds, **told, "same_bytes": len(digests) == 1}


def opened(archive: Path, count: int | None) -> np.ndarray:
    """Return photos of a zip, (N, 224, 224, 3) uint8."""
    with zipfile.ZipFile(archive) as zipped:
        names = [name for name in sorted(zipped.namelist()) if name.endswith((".jpg", ".png")) and "MACOSX" not in name]
        read = (np.frombuffer(zipped.read(name), np.uint8) for name in names[:count])
        found = [cv2.resize(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), (_SIDE, _SIDE)) for data in read]
    return np.array(found)


def backbone() -> Any:
    """Return EfficientNet-Lite0 without its head, frozen: (N, 224, 224, 3) in 0-255 -> (N, 1280)."""
    import keras

    network = efficientnet_lite.build((_SIDE, _SIDE, 3))
    image = keras.Input((_SIDE, _SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(image)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(network(scaled)))
    model.trainable = False
    batch_norm.fuse(model)
    return model


@contextmanager
def asked(who: str) -> Iterator[Outputs]:
    """Yield who computes: this machine, or a cluster of so many workers of a thread."""
    if who == "here":
        yield outputs
        return
    one_each = {"n_workers": int(who), "threads_per_worker": 1, "processes": True}
    with LocalCluster(**one_each, host="127.0.0.1", dashboard_address=None) as cluster:
        yield OnCluster(Address(cluster.scheduler_address, "EVERGREEN_DASK"), print)


def computed(network: Outputs, model: Any, pictures: np.ndarray) -> np.ndarray:
    """Return the features of pictures, (N, 1280) float32."""
    return np.concatenate(list(network(model, partial(np.take, pictures, axis=0), range(len(pictures)))))
