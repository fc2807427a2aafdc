"""evergreen.sources.archives.keras_files: published datasets' own files, read without running what is in them."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from published import PUBLISHED, pickled_by_python_2, tar_of

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.unpack import unpack


class _Ran:
    """Notes, when it is unpickled, that code ran."""

    happened: list[str] = []  # noqa: RUF012

    def __reduce__(self) -> Any:
        return (_Ran.happened.append, ("ran",))


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


@pytest.mark.parametrize("where", ["meta", "batch"])
def test_a_pickle_that_would_run_code_is_refused_unrun(opened: Callable, where: str) -> None:
    bad = pickle.dumps({b"label_names": [_Ran()], b"data": _Ran(), b"labels": [0]}, protocol=2)
    good = pickled_by_python_2({b"label_names": [b"airplane"]})
    files = {"batches.meta": bad if where == "meta" else good, "data_batch_1": bad}
    with pytest.raises(BadArchive, match="the file asks for"):
        opened("cifar10", {"cifar-10-python.tar.gz": tar_of(files)})
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
