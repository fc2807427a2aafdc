"""evergreen.sources.archives.tars: hostile tars are refused before a byte is written, however they are packed."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives import members
from evergreen.sources.archives.members import Told
from evergreen.sources.archives.open import unpack

LIMITS = Unpack()


def _file(name: str, size: int = 0, **settings: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    for key, value in settings.items():
        setattr(member, key, value)
    return member


def _tar(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode, format=form) as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


def _named(*names: str) -> bytes:
    return _tar(*[(_file(name, 1), b"x") for name in names])


PHOTOS = [("photos/cat/1.png", b"one" * 1000), ("photos/ä b/2.png", b""), ("photos/cat/1.png", b"again")]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., list[tuple[str, bytes]]]:
    def open_bytes(data: bytes, limits: Unpack = LIMITS) -> list[tuple[str, bytes]]:
        (tmp_path / "a.tar").write_bytes(data)
        (tmp_path / "out").mkdir()
        found = list(unpack(tmp_path / "a.tar", tmp_path / "out", "photos.tar", limits))
        return [(member.name, member.path.read_bytes()) for member in found]

    return open_bytes


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_files_come_out_in_their_order_however_they_are_packed(opened: Callable, mode: str, form: int) -> None:
    folder = (_file("./photos", type=tarfile.DIRTYPE, mode=0o755), b"")
    files = [(_file(name, len(content)), content) for name, content in PHOTOS]
    assert opened(_tar((_file(".", type=tarfile.DIRTYPE), b""), folder, *files, mode=mode, form=form)) == PHOTOS


def test_a_long_name_and_one_that_is_no_utf_8_come_out(opened: Callable) -> None:
    long = "/".join(["folder" * 20] * 5) + "/1.png"
    data = _tar((_file(long, 1), b"x"), (_file("caf\udce9/1.png", 1), b"y"), form=tarfile.GNU_FORMAT)
    assert opened(data) == [(long, b"x"), ("caf%E9/1.png", b"y")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_named("../x"), "leaves the archive"),
        (_named("a/../../x"), "leaves the archive"),
        (_named("/etc/x"), "absolute"),
        (_named("C:/x"), "absolute"),
        (_named("..\\x"), "backslash"),
        (_named("n" * 256), "over 255 bytes"),
        (_named("a", "a/b"), "also a folder"),
        (_named("a/b", "a"), "also a folder"),
        (
            _tar((_file("a", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b"")),
            "it is a link; to leave links out: unpack.links: drop",
        ),
        (
            _tar((_file("b", 1), b"x"), (_file("a", type=tarfile.LNKTYPE, linkname="b"), b"")),
            "it is a hard link; to leave",
        ),
        (_tar((_file("a", type=tarfile.CHRTYPE), b"")), "device or pipe"),
        (_tar((_file("a", type=tarfile.BLKTYPE), b"")), "device or pipe"),
        (_tar((_file("a", type=tarfile.FIFOTYPE), b"")), "device or pipe"),
        (_tar((_file("a", 1, mode=0o4755), b"x")), "user or group"),
        (_tar((_file("a", 1, pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": "1"}), b"x")), "sparse"),
        (_named("a")[:512], "intact zip or tar|cut short"),
        (_named("a", "b")[:1024], "cut short"),
        (_named("a")[:700], "intact zip or tar"),
        (_named("a", "b")[:1024] + b"rubbish" * 500, "cut short or damaged"),
        (gzip.compress(_named("a"))[:-20], "intact zip or tar"),
        (gzip.compress(_named("a"))[:-6] + b"000000", "intact zip or tar"),
        (b"\x1f\x8b\x08rubbish", "intact zip or tar"),
        (b"BZh9rubbish", "intact zip or tar"),
        (b"\xfd7zXZ\x00rubbish", "intact zip or tar"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_or_damaged_tar_is_refused_before_a_byte_is_written(
    opened: Callable, tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(BadArchive, match=f"photos.tar: .*({reason})"):
        opened(data)
    assert list((tmp_path / "out").iterdir()) == []


def _linked() -> bytes:
    return _tar(
        (_file("cat/1.png", 1), b"x"),
        (_file("latest", type=tarfile.SYMTYPE, linkname="/etc"), b""),
        (_file("cat/2.png", type=tarfile.LNKTYPE, linkname="cat/1.png"), b""),
        (_file("cat/3.png", type=tarfile.SYMTYPE, linkname="1.png"), b""),
    )


def test_links_are_left_out_and_counted_where_the_recipe_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(_linked())
    (tmp_path / "out").mkdir()
    told = Told()
    found = list(unpack(tmp_path / "a.tar", tmp_path / "out", "photos.tar", Unpack(links="drop"), told))
    assert [member.name for member in found] == ["cat/1.png"]
    assert told.left_out == {
        "a link in an archive (unpack.links: drop)": 2,
        "a hard link in an archive (unpack.links: drop)": 1,
    }


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_stay_refused_where_links_are_left_out(opened: Callable, kind: bytes) -> None:
    with pytest.raises(BadArchive, match="it is a device or pipe"):
        opened(_tar((_file("a", type=kind), b"")), Unpack(links="drop"))


def test_a_link_that_takes_a_folders_place_is_refused_though_it_is_left_out(opened: Callable) -> None:
    data = _tar((_file("cat", type=tarfile.SYMTYPE, linkname="/etc"), b""), (_file("cat/1.png", 1), b"x"))
    with pytest.raises(BadArchive, match="'cat' is refused: it is also a folder"):
        opened(data, Unpack(links="drop"))


def test_what_is_packed_and_no_tar_is_named(opened: Callable) -> None:
    with pytest.raises(BadArchive, match=r"photos\.tar: expected a tar, packed or not; what is packed in it is text$"):
        opened(gzip.compress(b"id,label"))


def test_a_tar_of_the_oldest_form_and_an_empty_one_are_tars(opened: Callable, tmp_path: Path) -> None:
    data = bytearray(_tar((_file("GIF89a/1.png", 1), b"x"), form=tarfile.USTAR_FORMAT))
    data[257:265] = bytes(8)
    checksum = 256 + sum(data[:148]) + sum(data[156:512])
    data[148:156] = f"{checksum:06o}\0 ".encode()
    assert opened(bytes(data)) == [("GIF89a/1.png", b"x")]
    (tmp_path / "out/000000").unlink()
    (tmp_path / "out").rmdir()
    assert opened(_tar()) == []


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_entries": 1}, "at most 1 entries"),
        ({"max_gib": 1e-8}, "raise unpack.max_gib"),
        ({"ratio_above_mib": 0.001}, "over 100 times"),
    ],
)
def test_bombs_are_refused(opened: Callable, tmp_path: Path, limits: dict[str, float], reason: str) -> None:
    data = _tar((_file("a", 500_000), bytes(500_000)), (_file("b"), b""), mode="w:gz")
    with pytest.raises(BadArchive, match=reason):
        opened(data, Unpack(**limits))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("gib", "reason"),
    [(501, r"raise unpack\.max_gib"), (21, "what it holds together is refused: it unpacks to over 100")],
)
def test_what_is_stated_is_refused_without_unpacking_it(
    opened: Callable, monkeypatch: pytest.MonkeyPatch, gib: int, reason: str
) -> None:
    monkeypatch.setattr(members.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 2**50}))
    header = _file("a", gib * 2**30).tobuf()
    with pytest.raises(BadArchive, match=reason):
        opened(gzip.compress(header))


def test_padding_behind_the_end_counts(opened: Callable) -> None:
    with pytest.raises(BadArchive, match="padding is refused"):
        opened(gzip.compress(_named("a") + bytes(5_000_000)), Unpack(ratio_above_mib=1))


def test_a_header_that_states_gigabytes_is_not_read(opened: Callable) -> None:
    header = _file("pax", 2**30, type=tarfile.XHDTYPE).tobuf()
    with pytest.raises(BadArchive, match="a header is refused: it states 1,073,741,824 bytes"):
        opened(gzip.compress(header + bytes(10_000)))
