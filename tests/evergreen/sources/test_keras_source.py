"""evergreen.sources.keras_source: the published files, in their published forms, without running what is in them."""

import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from evergreen.errors import BadArchive
from evergreen.sections.data import KerasSource, Unpack
from evergreen.sources import keras_source
from evergreen.sources.fetching.desk import Desk
from evergreen.sources.unpack import unpack

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 32, 32, 3), np.uint8)
GREY = RNG.integers(0, 256, (6, 28, 28), np.uint8)


class _Ran:
    """Notes, when it is unpickled, that code ran."""

    happened: list[str] = []  # noqa: RUF012

    def __reduce__(self) -> Any:
        return (_Ran.happened.append, ("ran",))


def _python_2(value: Any) -> bytes:
    class Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
        def save_bytes(self, data: bytes) -> None:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
            self.memoize(data)

        dispatch = pickle._Pickler.dispatch | {bytes: save_bytes}  # type: ignore[attr-defined]

    file = io.BytesIO()
    Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def _pickled(value: Any) -> bytes:
    """Return what Python 2 with NumPy 1 wrote: protocol 2, byte strings as such, NumPy's old module names."""
    data = _python_2(value)
    return data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def _tar(files: dict[str, bytes]) -> bytes:
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
    files = {"batches.meta": _pickled({b"label_names": [b"airplane", b"automobile"]})}
    for number in range(6):
        name = f"data_batch_{number + 1}" if number < 5 else "test_batch"
        images = COLOUR[2 * number : 2 * number + 2]
        files[name] = _pickled({b"data": _rows(images), b"labels": [0, 1], b"filenames": [b"a", b"b"]})
    return {"cifar-10-python.tar.gz": _tar({f"cifar-10-batches-py/{name}": data for name, data in files.items()})}


def _cifar100() -> dict[str, bytes]:
    files = {
        "meta": _pickled({b"fine_label_names": [b"apple", b"whale"], b"coarse_label_names": [b"fish"]}),
        "train": _pickled({b"data": _rows(COLOUR[:8]), b"fine_labels": [0, 1] * 4, b"coarse_labels": [0] * 8}),
        "test": _pickled({b"data": _rows(COLOUR[8:]), b"fine_labels": [0, 1] * 2, b"coarse_labels": [0] * 4}),
    }
    return {"cifar-100-python.tar.gz": _tar({f"cifar-100-python/{name}": data for name, data in files.items()})}


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


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str, dict[str, bytes]], list[tuple[str, np.ndarray]]]:
    def open_files(name: str, files: dict[str, bytes]) -> list[tuple[str, np.ndarray]]:
        (tmp_path / "out").mkdir()
        paths = {file: tmp_path / file for file in files}
        for file, data in files.items():
            paths[file].write_bytes(data)
        members = [member for _, member in unpack(paths, name, tmp_path / "out", Unpack())]
        return [(member.name, np.asarray(Image.open(member.path))) for member in members]

    return open_files


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_image_comes_out_under_its_subset_and_class(opened: Callable, name: str) -> None:
    make, images, labels, training = PUBLISHED[name]
    found = opened(name, make())
    expected = [
        f"{'train' if number < training else 'test'}/{label}/{number:05d}.png" for number, label in enumerate(labels)
    ]
    assert [path for path, _ in found] == expected
    assert all(np.array_equal(pixels, image) for (_, pixels), image in zip(found, images, strict=True))


@pytest.mark.parametrize("name", PUBLISHED)
def test_they_are_fetched_by_the_http_source_and_checked(
    server: Any, desk: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    import hashlib

    files = PUBLISHED[name][0]()
    official = keras_source.PUBLISHED[name]
    assert {url.rpartition("/")[2] for url in official} == set(files)
    published = {}
    for file, data in files.items():
        server.add(f"/{file}", data)
        stated = any(digest for url, digest in official.items() if url.endswith(file))
        published[server.url(f"/{file}")] = hashlib.sha256(data).hexdigest() if stated else None
    monkeypatch.setitem(keras_source.PUBLISHED, name, published)
    source = KerasSource(name=name, pause_seconds=0.01)
    facts = keras_source.version(source, desk)
    assert facts["address"] == f"keras:{name}"
    kept = keras_source.acquire(source, facts["files"], desk)
    assert {file: shelf.read(one) for file, one in kept.items()} == files


@pytest.mark.parametrize("where", ["meta", "batch"])
def test_a_pickle_that_would_run_code_is_refused_unrun(opened: Callable, where: str) -> None:
    bad = pickle.dumps({b"label_names": [_Ran()], b"data": _Ran(), b"labels": [0]}, protocol=2)
    good = _pickled({b"label_names": [b"airplane"]})
    files = {"batches.meta": bad if where == "meta" else good, "data_batch_1": bad}
    with pytest.raises(BadArchive, match="the file asks for"):
        opened("cifar10", {"cifar-10-python.tar.gz": _tar(files)})
    assert _Ran.happened == []


def test_an_array_of_objects_is_refused(opened: Callable) -> None:
    data = io.BytesIO()
    objects = np.array([_Ran()], dtype=object)
    np.savez(data, x_train=objects, y_train=objects, x_test=objects, y_test=objects)
    with pytest.raises(BadArchive):
        opened("mnist", {"mnist.npz": data.getvalue()})
    assert _Ran.happened == []


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"<html>", lambda data: b""])
def test_a_damaged_file_is_refused(opened: Callable, name: str, damage: Callable[[bytes], bytes]) -> None:
    files = PUBLISHED[name][0]()
    first = next(iter(files))
    with pytest.raises(BadArchive, match=f"{name}: the published file is damaged"):
        opened(name, files | {first: damage(files[first])})


def test_the_addresses_and_digests_are_keras_own() -> None:
    import keras

    folder = Path(keras.__file__).parent / "src" / "datasets"
    for name, files in keras_source.PUBLISHED.items():
        source = (folder / f"{name}.py").read_text()
        for url, digest in files.items():
            assert url.rpartition("/")[2] in source
            assert url.rpartition("/")[0] in source
            assert digest is None or digest in source
