"""evergreen.sources.archives.zips: hostile zips are refused before a byte is written."""

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives import members, zips
from evergreen.sources.archives.members import Told
from evergreen.sources.archives.open import unpack

LIMITS = Unpack()


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return data.getvalue()


def _renamed(name: bytes, *more: bytes) -> bytes:
    """Return a zip whose members have exactly these bytes for names; zipfile itself would not write them."""
    marks = {chr(ord("x") + number) * len(raw): raw for number, raw in enumerate((name, *more))}
    data = _zip(*[(mark, b"PAYLOAD") for mark in marks])
    for mark, raw in marks.items():
        data = data.replace(mark.encode(), raw)
    return data


def _special(mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("a")
    member.external_attr = mode << 16
    return member


def _overlapping() -> bytes:
    data = bytearray(_zip(("a", b"x" * 100), ("b", b"x" * 100)))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 10)  # where b's header is said to start: inside a
    return bytes(data)


def _quoted_bomb() -> bytes:
    """Two members over one kernel, as in Fifield's bomb: the first quotes the other's header before its data."""
    kernel = zlib.compress(b"0" * 100_000, 9)[2:-4]
    second = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(b"0" * 100_000), len(kernel), 100_000, 1, 0
    )
    second += b"b"
    quote = struct.pack("<BHH", 0, len(second), len(second) ^ 0xFFFF) + second
    content = second + b"0" * 100_000
    sizes = struct.pack("<III", zlib.crc32(content), len(quote) + len(kernel), len(content))
    first = struct.pack("<4sHHHHH", b"PK\3\4", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 1, 0) + b"a"
    data = first + quote + kernel
    directory = b""
    for name, header, at in ((b"a", first, 0), (b"b", second, len(first) + 5)):
        directory += struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 0, 8, 0, 0) + header[14:26]
        directory += struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, at) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(directory), len(data), 0)
    return data + directory + end


def _many(count: int, stated: int) -> bytes:
    """Return a zip whose directory has so many entries and states another number of them."""
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * count
    return directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, stated, stated, len(directory), 0, 0)


def _renamed_inside() -> bytes:
    """Return a zip whose member calls itself something else than the directory does."""
    data = bytearray(_zip(("good.png", b"x")))
    data[30:38] = b"evil.exe"
    return bytes(data)


def _nameless() -> bytes:
    data = bytearray(_zip(("a", b"x")))
    central = data.index(b"PK\x01\x02")
    data[central + 28 : central + 30] = data[26:28] = bytes(2)
    del data[central + 46]
    at = data.index(b"PK\x05\x06") + 12
    data[at : at + 4] = struct.pack("<I", 46)
    return bytes(data)


def _method(number: int) -> bytes:
    data = bytearray(_zip(("a", b"x")))
    central = data.index(b"PK\x01\x02")
    data[central + 10 : central + 12] = struct.pack("<H", number)
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(_zip(("a", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., list[tuple[str, bytes]]]:
    """Unpack bytes into a fresh folder and return [(name, content)]; what a member says of itself is checked."""

    def open_bytes(data: bytes, limits: Unpack = LIMITS) -> list[tuple[str, bytes]]:
        (tmp_path / "a.zip").write_bytes(data)
        (tmp_path / "out").mkdir()
        found = list(unpack(tmp_path / "a.zip", tmp_path / "out", "photos.zip", limits))
        for member in found:
            assert member.path.parent == tmp_path / "out"
            assert (member.size, member.sha256) == (
                member.path.stat().st_size,
                hashlib.sha256(member.path.read_bytes()).hexdigest(),
            )
        return [(member.name, member.path.read_bytes()) for member in found]

    return open_bytes


def test_files_come_out_with_their_names_as_data(opened: Callable) -> None:
    members = [("d/e/1.png", b"one"), ("d/", b""), ("d/2.png", b""), ("d/1.png", b"same"), ("ä b.png", b"x")]
    assert opened(_zip(*members)) == [item for item in members if not item[0].endswith("/")]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_files_come_out(opened: Callable, method: int) -> None:
    assert opened(_zip(("a", b"y" * 10_000), method=method)) == [("a", b"y" * 10_000)]


def test_names_are_never_decided_by_the_file_system(opened: Callable) -> None:
    names = ["Cat/1.png", "cat/1.png", "caf\u00e9/1.png", "cafe\u0301/1.png"]
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = _zip(*[(name, name.encode()) for name in names], ("Cat/1.png", b"again"))
    assert opened(data) == [(name, name.encode()) for name in names] + [("Cat/1.png", b"again")]


def test_a_zip_behind_other_bytes_and_an_empty_one_are_told_apart(opened: Callable) -> None:
    assert opened(_zip()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_renamed(b"../x"), "leaves the archive"),
        (_renamed(b"a/../../x"), "leaves the archive"),
        (_renamed(b"a/.."), "leaves the archive"),
        (_renamed(b"/etc/x"), "absolute"),
        (_renamed(b"C:x"), "absolute"),
        # Backslashes are separators where no name has a slash; then every check runs.
        (_renamed(b"C:\\x"), "absolute"),
        (_renamed(b"\\x"), "absolute"),
        (_renamed(b"\\\\host\\x"), "absolute"),
        (_renamed(b"..\\x"), "leaves the archive"),
        (_renamed(b"a\\..\\..\\x"), "leaves the archive"),
        (_renamed(b"..\\x", b"a/b"), "backslash"),
        (_renamed(b"C:\\x", b"a/b"), "absolute|backslash"),
        (_renamed(b"a\0b"), "NUL"),
        (_renamed(b"n" * 70 + b"\\x", b"a/b"), "backslash"),
        (_renamed(b"n" * 30 + b"\\" + b"n" * 70, b"a/b"), "backslash"),
        (_zip(("a\\b", b"below"), ("a", b"file")), "also a folder"),
        (_renamed(b"n" * 30 + b"\0" + b"n" * 70), "NUL"),
        (_zip(("n" * 256, b"")), "over 255 bytes"),
        (_zip(("ü" * 128, b"")), "over 255 bytes"),
        (_nameless(), "empty"),
        (_zip(("a", b"file"), ("a/b", b"below")), "also a folder"),
        (_zip(("a/b/c", b"below"), ("a/b", b"file")), "also a folder"),
        (
            _zip((_special(stat.S_IFLNK | 0o777), b"/etc/passwd")),
            "it is a link; to leave links out: unpack.links: drop",
        ),
        (_zip((_special(stat.S_IFIFO), b"")), "device or pipe"),
        (_zip((_special(stat.S_IFCHR), b"")), "device or pipe"),
        (_zip((_special(stat.S_IFREG | stat.S_ISUID), b"")), "user or group"),
        (_overlapping(), "overlaps"),
        (_quoted_bomb(), "overlaps"),
        (_encrypted(), "encrypted"),
        (_method(99), "method 99 is not known"),
        (_renamed_inside(), "another name"),
        (_zip(("a", b"payload")).replace(b"payload", b"PAYLOAD"), "intact zip"),
        (_zip(("a", b"x" * 1000))[:500], "intact zip"),
        (_zip(("a", b"x" * 1000))[:-30], "intact zip"),
        (b"<html>please log in</html>", "intact zip"),
        (b"PK\3\4", "intact zip"),
        (b"", "intact zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_or_damaged_archive_is_refused(opened: Callable, tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(BadArchive, match=f"photos.zip: .*({reason})"):
        opened(data)
    if reason != "intact zip":
        assert list((tmp_path / "out").iterdir()) == []


def test_links_are_left_out_and_counted_where_the_recipe_says_so(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("latest")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (tmp_path / "a.zip").write_bytes(_zip(("cat/1.png", b"x"), (link, b"cat"), ("cat/2.png", b"y")))
    (tmp_path / "out").mkdir()
    told = Told()
    found = list(unpack(tmp_path / "a.zip", tmp_path / "out", "photos.zip", Unpack(links="drop"), told))
    assert [member.name for member in found] == ["cat/1.png", "cat/2.png"]
    assert told.left_out == {"a link in an archive (unpack.links: drop)": 1}
    for mode in (stat.S_IFIFO, stat.S_IFCHR):
        (tmp_path / "a.zip").write_bytes(_zip((_special(mode), b"")))
        with pytest.raises(BadArchive, match="it is a device or pipe"):
            list(unpack(tmp_path / "a.zip", tmp_path / "out", "photos.zip", Unpack(links="drop")))


def test_a_member_says_what_its_first_bytes_are(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(_zip(("a", b"\xff\xd8\xff\xe0" + bytes(3000)), ("b", b"<html>"), ("c", b"")))
    (tmp_path / "out").mkdir()
    found = list(unpack(tmp_path / "a.zip", tmp_path / "out", "photos.zip", Unpack()))
    assert [member.kind for member in found] == ["image", "a web page", "an empty file"]


def test_names_of_255_bytes_are_fine(opened: Callable) -> None:
    name = "d/" + "n" * 255
    assert opened(_zip((name, b""))) == [(name, b"")]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_entries": 1}, "at most 1 entries"),
        ({"max_gib": 1e-8}, "raise unpack.max_gib"),
        ({"ratio_above_mib": 0.001}, "over 100 times"),
    ],
)
def test_bombs_are_refused(opened: Callable, tmp_path: Path, limits: dict[str, float], reason: str) -> None:
    with pytest.raises(BadArchive, match=reason):
        opened(_zip(("a", b"0" * 500_000), ("b", b""), method=zipfile.ZIP_DEFLATED), Unpack(**limits))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("count", "stated"), [(200_001, 1), (200_001, 65_535)])
def test_too_many_entries_are_refused_without_reading_them_all(
    opened: Callable, monkeypatch: pytest.MonkeyPatch, count: int, stated: int
) -> None:
    monkeypatch.setattr(zips.zipfile, "ZipFile", None)
    with pytest.raises(BadArchive, match="at most 200,000 entries"):
        opened(_many(count, stated), Unpack(max_entries=200_000))


@pytest.mark.parametrize(("method", "dense_up_to"), [(zipfile.ZIP_DEFLATED, 50_000), (zipfile.ZIP_STORED, 40_000)])
def test_small_members_may_be_dense(
    opened: Callable, monkeypatch: pytest.MonkeyPatch, method: int, dense_up_to: int
) -> None:
    monkeypatch.setattr(members, "_DENSE_UP_TO", dense_up_to)
    data = _zip(*((str(number), bytes(5000)) for number in range(10)), method=method)
    assert len(opened(data, Unpack(max_ratio=2, ratio_above_mib=0.01))) == 10


def test_over_20_gib_small_members_may_not_be_dense_together(opened: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_DENSE_UP_TO", 40_000)
    dense = _zip(*((str(number), bytes(5000)) for number in range(10)), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(BadArchive, match="what it holds together is refused: it unpacks to over 2 times its size"):
        opened(dense, Unpack(max_ratio=2, ratio_above_mib=0.01))


def test_half_of_the_free_disk_stays_free(opened: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 150}))
    with pytest.raises(BadArchive, match="over half of the 150"):
        opened(_zip(("a", b"x" * 100)))


@pytest.mark.parametrize("stated", [50, 5000])
def test_a_member_of_another_size_than_it_says_is_refused(opened: Callable, stated: int) -> None:
    data = bytearray(_zip(("a", b"x" * 100), method=zipfile.ZIP_DEFLATED))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", stated)
    with pytest.raises(BadArchive):
        opened(bytes(data))
