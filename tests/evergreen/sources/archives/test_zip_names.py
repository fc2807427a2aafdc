"""evergreen.sources.archives.zip_names: names of an archive are read together, and what would name a class is asked."""

import io
import re
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives.members import Told
from evergreen.sources.archives.open import unpack


def _zip(*names: bytes | str, extra: bytes = b"") -> bytes:
    """Return a zip of members with these names: bytes without the UTF-8 flag, text with it."""
    data, directory = b"", b""
    for number, name in enumerate(names):
        raw, flags = (name.encode(), 0x800) if isinstance(name, str) else (name, 0)
        content = b"" if raw.endswith((b"/", b"\\")) else b"%d" % number
        head = struct.pack("<HHHHHIII", 20, flags, 0, 0, 0, zlib.crc32(content), len(content), len(content))
        sizes = struct.pack("<HH", len(raw), len(extra))
        directory += b"PK\1\2" + struct.pack("<H", 20) + head + sizes + struct.pack("<HHHII", 0, 0, 0, 0, len(data))
        directory += raw + extra
        data += b"PK\3\4" + head + sizes + raw + extra + content
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(names), len(names), len(directory), len(data), 0)
    return data + directory + end


def _unicode_path(name: str, of: bytes, version: int = 1) -> bytes:
    field = struct.pack("<BI", version, zlib.crc32(of)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def _names(data: bytes, told: Told | None = None, **settings: str) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.zip").write_bytes(data)
        (folder / "out").mkdir()
        return [member.name for member in unpack(folder / "a.zip", folder / "out", "a.zip", Unpack(**settings), told)]


def test_names_that_the_archive_states_are_taken() -> None:
    assert _names(_zip("café/1.png", b"dog/1.png")) == ["café/1.png", "dog/1.png"]


def test_utf8_without_the_flag_is_read_if_every_name_is() -> None:
    names = ["café/1.png", "Brötchen/1.png", "猫カフェ/1.png", "dog/1.png"]
    assert _names(_zip(*[name.encode() for name in names])) == names


def test_one_name_that_is_no_utf8_decides_for_all() -> None:
    with pytest.raises(BadArchive, match="the names of folders are in a code page"):
        _names(_zip("café/1.png".encode(), "café/2.png".encode("cp1252")))


@pytest.mark.parametrize(
    ("code_page", "folders"),
    [
        ("gbk", ["老虎", "狮子"]),
        ("shift_jis", ["表示", "ソース"]),
        ("big5", ["功能", "許可"]),
        ("euc_kr", ["고양이", "개"]),
    ],
)
@pytest.mark.parametrize("between", ["/", "\\"])
def test_a_folders_name_in_a_code_page_is_asked_and_the_printed_line_reads_it(
    code_page: str, folders: list[str], between: str
) -> None:
    """Also where a letter's second byte is that of a backslash."""
    data = _zip(*[f"{folder}{between}{number}.png".encode(code_page) for folder in folders for number in range(2)])
    with pytest.raises(BadArchive) as asked:
        _names(data)
    assert "that the archive does not state" in str(asked.value)
    assert "unpack.names: cp437   reads " in str(asked.value)
    (line,) = [line for line in str(asked.value).splitlines() if f"unpack.names: {code_page} " in line]
    assert all(folder in line for folder in folders)
    printed = re.search(r"unpack\.names: (\w+)", line)
    assert printed
    expected = [f"{folder}/{number}.png" for folder in folders for number in range(2)]
    assert _names(data, names=printed[1]) == expected


def test_a_code_page_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with pytest.raises(BadArchive, match=r"unpack\.names: shift_jis: the name .* is none of that code page") as refused:
        _names(_zip("老虎/1.png".encode("gbk"), b"\x80\xff/1.png"), names="shift_jis")
    assert "unpack.names: cp437" in str(refused.value)


def test_where_only_names_of_files_are_concerned_they_are_read_as_cp437_and_that_is_said() -> None:
    told = Told()
    assert _names(_zip("cat/né.png".encode("cp437"), b"cat/2.png"), told) == ["cat/né.png", "cat/2.png"]
    (note,) = told.notes
    assert note.startswith("1 names of files") and "'cat/né.png'" in note and "unpack.names: gbk" in note
    told = Told()
    assert _names(_zip("cat/老虎.png".encode("gbk")), told, names="gbk") == ["cat/老虎.png"]
    assert told.notes == []


def test_a_folder_without_files_is_a_folder_too() -> None:
    with pytest.raises(BadArchive, match="the names of folders"):
        _names(_zip("老虎/".encode("gbk"), b"cat/1.png"))


def test_info_zips_name_is_taken_if_it_is_of_this_name() -> None:
    raw = "老虎/1.png".encode("gbk")
    assert _names(_zip(raw, extra=_unicode_path("老虎/1.png", raw))) == ["老虎/1.png"]
    for field in (_unicode_path("dog/1.png", b"other"), _unicode_path("dog/1.png", raw, version=2)):
        with pytest.raises(BadArchive, match="the names of folders"):
            _names(_zip(raw, extra=field))


@pytest.mark.parametrize("name", ["../x", "/etc/x", "C:/x", "a\0b", "a/../../x"])
def test_every_check_runs_on_what_was_read(name: str) -> None:
    raw = b"cat/1.png"
    with pytest.raises(BadArchive, match="is refused"):
        _names(_zip(raw, extra=_unicode_path(name, raw)))


def test_backslashes_are_folders_where_no_name_has_a_slash() -> None:
    assert _names(_zip(b"cat\\", b"cat\\1.png", b"dog\\a\\1.png")) == ["cat/1.png", "dog/a/1.png"]
    with pytest.raises(BadArchive, match="backslash"):
        _names(_zip(b"cat\\1.png", b"dog/1.png"))


_part = st.text(st.characters(categories=("L", "N"), include_characters=" -_&'"), min_size=1, max_size=8)
_paths = st.lists(st.lists(_part, min_size=1, max_size=4).map("/".join), min_size=1, max_size=8, unique=True)


@settings(deadline=None, max_examples=200)
@given(_paths, st.sampled_from(["utf-8", "gbk", "cp1251", "shift_jis", "cp437"]), st.sampled_from(["/", "\\"]))
def test_no_member_is_lost_or_doubled_however_its_name_is_written(
    paths: list[str], code_page: str, between: str
) -> None:
    """Every file comes out once, under its own name if the right code page was said; else it is asked."""
    try:
        raw = [path.replace("/", between).encode(code_page) for path in paths]
    except UnicodeEncodeError:
        return
    data = _zip(*raw)
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        assert len(whole.infolist()) == len(paths)
    folders = {path.rpartition("/")[0] for path in paths}
    clash = any(f"{path}/" in f"{folder}/" for path in paths for folder in folders)
    try:
        found = _names(data, names=code_page)
    except BadArchive as refused:
        assert clash or "also a folder" not in str(refused)
        assert clash or "backslash" in str(refused)
        return
    assert len(found) == len(paths)
    utf8 = all(_is_utf8(name) for name in raw)
    assert found == paths or (utf8 and code_page != "utf-8")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
