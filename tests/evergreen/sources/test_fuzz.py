"""Any names and any damage: an archive comes out whole or is refused by one error; nothing is written elsewhere."""

import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives.open import unpack

LIMITS = Unpack(max_entries=100, max_gib=0.01)
CONTENTS = {"photos/cat/1.png": b"one" * 500, "photos/dog/2.png": os.urandom(700), "photos/dog/ü.png": b""}

_parts = st.text(st.characters(exclude_categories=()), min_size=0, max_size=12) | st.sampled_from(
    ["..", ".", "", "C:", "a", "A", "\0", "\\", "n" * 300, "\udce9", "é", "e\u0301"]
)
_names = st.lists(_parts, min_size=1, max_size=4).map("/".join)


def _zip(contents: list[tuple[str, bytes]], method: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as zipped:
        for name, content in contents:
            zipped.writestr(zipfile.ZipInfo(name), content, method)
    return data.getvalue()


def _tar(contents: list[tuple[str, bytes]], mode: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as tar:
        for name, content in contents:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


WHOLE = [
    *[_zip(list(CONTENTS.items()), method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)],
    *[_tar(list(CONTENTS.items()), mode) for mode in ("w", "w:gz", "w:bz2", "w:xz")],
]


def _open(data: bytes) -> dict[str, bytes] | None:
    """Return what came out, or None if it was refused; anything else than that error fails the test."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "archive").write_bytes(data)
        (root / "out").mkdir()
        try:
            members = list(unpack(root / "archive", root / "out", "photos", LIMITS))
        except BadArchive:
            return None
        finally:
            assert {path.name for path in root.iterdir()} == {"archive", "out"}
            assert all(path.is_file() and path.name.isdigit() for path in (root / "out").iterdir())
        return {member.name: member.path.read_bytes() for member in members}


def _mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for start, end, insert in edits:
        first, last = sorted((start % (len(data) + 1), end % (len(data) + 1)))
        data = data[:first] + insert + data[min(last, first + 8) :]
    return data


_edits = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 1 << 16), st.binary(max_size=8)), min_size=1, max_size=6
)


def _check_damage(which: int, edits: list[tuple[int, int, bytes]], keep: float) -> None:
    data = _mutated(WHOLE[which], edits)
    _open(data[: int(len(data) * keep)])


def _check_names(names: list[str], as_tar: bool) -> None:
    contents = [(name, name.encode("utf-8", "replace")) for name in names]
    try:
        data = _tar(contents, "w") if as_tar else _zip(contents, zipfile.ZIP_STORED)
    except (ValueError, UnicodeError, OverflowError):
        return  # the library cannot write such a name
    found = _open(data)
    for name in found or ():
        assert name.strip("/")
        assert not name.startswith("/")
        assert ".." not in name.split("/")
        assert not set("\0\\") & set(name)
        name.encode()


_damage = {"which": st.integers(0, len(WHOLE) - 1), "edits": _edits, "keep": st.sampled_from([1.0, 0.999, 0.9, 0.5])}
_named = {"names": st.lists(_names, min_size=1, max_size=5), "as_tar": st.booleans()}
_quiet = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("data", WHOLE, ids=range(len(WHOLE)))
def test_undamaged_archives_come_out_whole(data: bytes) -> None:
    assert _open(data) == CONTENTS


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=300, **_quiet)
@given(**_damage)
def test_damage_is_refused_or_harmless(which: int, edits: list[tuple[int, int, bytes]], keep: float) -> None:
    _check_damage(which, edits, keep)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=300, **_quiet)
@given(**_named)
def test_any_names_are_data_or_refused(names: list[str], as_tar: bool) -> None:
    _check_names(names, as_tar)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=30_000, **_quiet)
@given(**_damage)
def test_damage_is_refused_or_harmless_long(which: int, edits: list[tuple[int, int, bytes]], keep: float) -> None:
    _check_damage(which, edits, keep)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=20_000, **_quiet)
@given(**_named)
def test_any_names_are_data_or_refused_long(names: list[str], as_tar: bool) -> None:
    _check_names(names, as_tar)
