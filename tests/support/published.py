"""Datasets as keras.datasets publishes them, of a few images each."""

import gzip
import io
import pickle
import struct
import tarfile
from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 32, 32, 3), np.uint8)
GREY = RNG.integers(0, 256, (6, 28, 28), np.uint8)


def _pickle_of_bytes(value: Any) -> bytes:
    class Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
        def save_bytes(self, data: bytes) -> None:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
            self.memoize(data)

        dispatch = pickle._Pickler.dispatch | {bytes: save_bytes}  # type: ignore[attr-defined]

    file = io.BytesIO()
    Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def pickled_by_python_2(value: Any) -> bytes:
    """Return what Python 2 with NumPy 1 wrote: protocol 2, byte strings as such, NumPy's old module names."""
    data = _pickle_of_bytes(value)
    return data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def tar_of(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


def _rows(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def _cifar10() -> dict[str, bytes]:
    files = {"batches.meta": pickled_by_python_2({b"label_names": [b"airplane", b"automobile"]})}
    for number in range(6):
        name = f"data_batch_{number + 1}" if number < 5 else "test_batch"
        images = COLOUR[2 * number : 2 * number + 2]
        files[name] = pickled_by_python_2({b"data": _rows(images), b"labels": [0, 1], b"filenames": [b"a", b"b"]})
    return {"cifar-10-python.tar.gz": tar_of({f"cifar-10-batches-py/{name}": data for name, data in files.items()})}


def _cifar100() -> dict[str, bytes]:
    files = {
        "meta": pickled_by_python_2({b"fine_label_names": [b"apple", b"whale"], b"coarse_label_names": [b"fish"]}),
        "train": pickled_by_python_2(
            {b"data": _rows(COLOUR[:8]), b"fine_labels": [0, 1] * 4, b"coarse_labels": [0] * 8}
        ),
        "test": pickled_by_python_2(
            {b"data": _rows(COLOUR[8:]), b"fine_labels": [0, 1] * 2, b"coarse_labels": [0] * 4}
        ),
    }
    return {"cifar-100-python.tar.gz": tar_of({f"cifar-100-python/{name}": data for name, data in files.items()})}


def _mnist() -> dict[str, bytes]:
    data = io.BytesIO()
    labels = np.array([3, 1, 4, 1], np.uint8)
    np.savez(data, x_train=GREY[:4], y_train=labels, x_test=GREY[4:], y_test=labels[:2])
    return {"mnist.npz": data.getvalue()}


def _idx(values: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes())


def _fashion_mnist() -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": _idx(GREY[:4]),
        "train-labels-idx1-ubyte.gz": _idx(np.array([0, 9, 1, 2], np.uint8)),
        "t10k-images-idx3-ubyte.gz": _idx(GREY[4:]),
        "t10k-labels-idx1-ubyte.gz": _idx(np.array([5, 5], np.uint8)),
    }


PUBLISHED = {
    "cifar10": (_cifar10, COLOUR, ["airplane", "automobile"] * 6, 10),
    "cifar100": (_cifar100, COLOUR, ["apple", "whale"] * 6, 8),
    "mnist": (_mnist, GREY, ["3", "1", "4", "1", "3", "1"], 4),
    "fashion_mnist": (_fashion_mnist, GREY, ["t-shirt_top", "ankle_boot", "trouser", "pullover", *["sandal"] * 2], 4),
}
