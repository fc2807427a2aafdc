"""The published files of keras.datasets, read without running what is in them, as image files."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.errors import BadArchive
from evergreen.images.formats import IMAGE
from evergreen.sources.archives.members import Member

if TYPE_CHECKING:
    import numpy as np

FASHION = (
    "t-shirt_top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot",
)  # fmt: skip
_MOST_BYTES = 1 << 30  # the largest of them unpacks to 188 MB

# (subset, class name, image (H, W) or (H, W, 3) uint8)
Labelled = tuple[str, str, "np.ndarray"]


def unpack(dataset: str, archives: Mapping[str, Path], folder: Path) -> Iterator[Member]:
    """Write every image as a PNG into ``folder`` and yield it, named ``subset/class/number.png``.

    Args:
        dataset: its name in keras.datasets.
        archives: name -> path of the published files.
        folder: an existing, empty, private folder.

    Raises:
        BadArchive: a file is damaged, or holds something else than was published.
    """
    from PIL import Image

    damage = (OSError, EOFError, ValueError, LookupError, struct.error, zlib.error, tarfile.TarError, TypeError)
    reader = _READERS[dataset]
    images = reader(archives)
    number = 0
    while True:
        try:
            subset, label, pixels = next(images)
        except StopIteration:
            return
        except (*damage, pickle.UnpicklingError, zipfile.BadZipFile) as error:
            if isinstance(error, OSError) and error.errno is not None and not isinstance(error, gzip.BadGzipFile):
                raise
            raise BadArchive(f"{dataset}: the published file is damaged: {error or type(error).__name__}") from error
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        data = png.getvalue()
        target = folder / f"{number:06d}"
        target.write_bytes(data)
        name = f"{subset}/{label}/{number:05d}.png"
        yield Member(name, target, hashlib.sha256(data).hexdigest(), len(data), IMAGE)
        number += 1


def _cifar(archives: Mapping[str, Path], batches: Mapping[str, str], key: bytes, names: bytes) -> Iterator[Labelled]:
    """Read the Python version of CIFAR: pickled dictionaries of pixels (N, 3072) uint8, colour planes in turn."""
    (archive,) = archives.values()
    with tarfile.open(archive, "r:gz") as tar:
        members = {Path(member.name).name: member for member in tar if member.isreg()}

        def read(name: str) -> dict[bytes, Any]:
            file = tar.extractfile(members[name])
            if file is None or members[name].size > _MOST_BYTES:
                raise ValueError(f"{name} is no file, or too large")
            return dict(_Arrays(io.BytesIO(file.read()), encoding="bytes").load())

        meta = read("batches.meta" if "batches.meta" in members else "meta")
        classes = [name.decode() for name in meta[names]]
        for name, subset in batches.items():
            batch = read(name)
            pixels = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            for image, label in zip(pixels, batch[key], strict=True):
                yield subset, classes[label], image


def _cifar10(archives: Mapping[str, Path]) -> Iterator[Labelled]:
    batches = {f"data_batch_{number}": "train" for number in range(1, 6)} | {"test_batch": "test"}
    return _cifar(archives, batches, b"labels", b"label_names")


def _cifar100(archives: Mapping[str, Path]) -> Iterator[Labelled]:
    return _cifar(archives, {"train": "train", "test": "test"}, b"fine_labels", b"fine_label_names")


def _mnist(archives: Mapping[str, Path]) -> Iterator[Labelled]:
    import numpy as np

    (archive,) = archives.values()
    with np.load(archive, allow_pickle=False) as arrays:
        for subset in ("train", "test"):
            for image, label in zip(arrays[f"x_{subset}"], arrays[f"y_{subset}"], strict=True):
                yield subset, str(int(label)), image


def _fashion_mnist(archives: Mapping[str, Path]) -> Iterator[Labelled]:
    for subset, prefix in (("train", "train"), ("test", "t10k")):
        images = _idx(archives[f"{prefix}-images-idx3-ubyte.gz"])
        labels = _idx(archives[f"{prefix}-labels-idx1-ubyte.gz"])
        for image, label in zip(images, labels, strict=True):
            yield subset, FASHION[int(label)], image


def _idx(path: Path) -> "np.ndarray":
    """Read an IDX file of unsigned bytes: magic 0, 0, 8, number of dimensions; each as big-endian uint32; values."""
    import numpy as np

    with gzip.open(path) as file:
        data = file.read(_MOST_BYTES)
    zeros, kind, dimensions = struct.unpack_from(">HBB", data)
    if zeros or kind != 8:
        raise ValueError(f"expected an IDX file of bytes, received the magic {data[:4].hex()}")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


class _Arrays(pickle.Unpickler):  # noqa: S301 - it looks up nothing
    """Reads dictionaries, lists, strings and NumPy arrays, and refuses to look up anything else: no code runs."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the three things that a pickled array needs.

        Raises:
            UnpicklingError: the file asks for something else.
        """
        import numpy as np

        known: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
            ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"expected arrays and lists alone, the file asks for {module}.{name}")
        return known[module, name]


_READERS: dict[str, Callable[[Mapping[str, Path]], Iterator[Labelled]]] = {
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "mnist": _mnist,
    "fashion_mnist": _fashion_mnist,
}
