"""evergreen.sources.archives: hostile archives are refused before a byte is written."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evergreen.errors import BadArchive
from evergreen.sources import archives
from evergreen.sources.archives import unpack


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return data.getvalue()


def _renamed(name: bytes) -> bytes:
    """Return a zip whose one member has exactly these bytes for a name; zipfile itself would not write them."""
    return _zip(("x" * len(name), b"payload")).replace(b"x" * len(name), name)


def _special(mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("a")
    member.external_attr = mode << 16
    return member


def _overlapping() -> bytes:
    data = bytearray(_zip(("a", b"x" * 100), ("b", b"x" * 100)))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 10)  # where b's header is said to start: inside a
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(_zip(("a", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[bytes], dict[str, bytes]]:
    """Unpack bytes into a fresh folder and return {name: content}."""

    def open_bytes(data: bytes) -> dict[str, bytes]:
        (tmp_path / "a.zip").write_bytes(data)
        (tmp_path / "out").mkdir()
        return {name: path.read_bytes() for name, path in unpack(tmp_path / "a.zip", tmp_path / "out", "photos.zip")}

    return open_bytes


def test_files_come_out_with_their_names_as_data(opened: Callable) -> None:
    members = [("d/e/1.png", b"one"), ("d/", b""), ("d/2.png", b""), ("d/1.png", b"same"), ("ä b.png", b"x")]
    assert opened(_zip(*members)) == {"d/e/1.png": b"one", "d/2.png": b"", "d/1.png": b"same", "ä b.png": b"x"}


def test_deflated_files_come_out(opened: Callable) -> None:
    assert opened(_zip(("a", b"y" * 10_000), method=zipfile.ZIP_DEFLATED)) == {"a": b"y" * 10_000}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_renamed(b"../x"), "leaves the archive"),
        (_renamed(b"a/../../x"), "leaves the archive"),
        (_renamed(b"/etc/x"), "absolute"),
        (_renamed(b"C:x"), "absolute"),
        (_renamed(b"..\\x"), "backslash"),
        (_renamed(b"a\0b"), "NUL"),
        (_zip(("n" * 256, b"")), "over 255 bytes"),
        (_zip(("a", b"file"), ("a/b", b"below")), "also a folder"),
        (_zip((_special(stat.S_IFLNK | 0o777), b"/etc/passwd")), "link, device or pipe"),
        (_zip((_special(stat.S_IFIFO), b"")), "link, device or pipe"),
        (_zip((_special(stat.S_IFREG | stat.S_ISUID), b"")), "user or group"),
        (_overlapping(), "overlaps"),
        (_encrypted(), "encrypted"),
        (_zip(("a", b"payload")).replace(b"payload", b"PAYLOAD"), "intact zip"),
        (_zip(("a", b"x" * 1000))[:500], "intact zip"),
        (b"<html>please log in</html>", "intact zip"),
        (b"", "intact zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_or_damaged_archive_is_refused(opened: Callable, tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(BadArchive, match=reason):
        opened(data)
    if reason != "intact zip":
        assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MAX_ENTRIES", 1, "at most 1 entries"),
        ("MAX_TOTAL_BYTES", 10, "at most 10 bytes"),
        ("RATIO_COUNTS_ABOVE_BYTES", 1000, "over 100 times"),
    ],
)
def test_bombs_are_refused(
    opened: Callable, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, reason: str
) -> None:
    monkeypatch.setattr(archives, limit, value)
    with pytest.raises(BadArchive, match=reason):
        opened(_zip(("a", b"0" * 500_000), ("b", b""), method=zipfile.ZIP_DEFLATED))


def test_a_member_longer_than_it_says_is_refused(opened: Callable) -> None:
    data = bytearray(_zip(("a", b"x" * 100), method=zipfile.ZIP_DEFLATED))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 50)
    with pytest.raises(BadArchive):
        opened(bytes(data))
