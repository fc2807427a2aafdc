"""evergreen.sources.archives.nested: archives inside an archive are opened once, under the outer one's limits."""

import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives.members import Told
from evergreen.sources.archives.nested import folder_of
from evergreen.sources.archives.open import unpack

PNG = b"\x89PNG\r\n\x1a\n"


def _zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return data.getvalue()


def _tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


PHOTOS = {"cat/1.png": PNG + b"1", "dog/1.png": PNG + b"2"}


def _opened(data: bytes, told: Told | None = None, **limits: float) -> list[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a").write_bytes(data)
        (folder / "out").mkdir()
        found = list(unpack(folder / "a", folder / "out", "photos.zip", Unpack(**limits), told))
        return sorted((member.name, member.path.read_bytes()) for member in found)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("train.zip", _zip(PHOTOS)),
        ("train.tar.gz", _tar(PHOTOS)),
        ("train.TGZ", _tar(PHOTOS)),
        ("train.tar", _tar(PHOTOS, "w")),
    ],
)
@pytest.mark.parametrize("outer", [_zip, _tar])
def test_what_is_inside_comes_out_below_the_archives_name(name: str, inner: bytes, outer: object) -> None:
    told = Told()
    found = _opened(outer({name: inner, "data/test1.zip": _zip(PHOTOS), "readme.txt": b"words"}), told)  # type: ignore[operator]
    expected = {f"{below}/{path}": content for below in ("train", "data/test1") for path, content in PHOTOS.items()}
    assert found == sorted((expected | {"readme.txt": b"words"}).items())
    assert told.notes == [f"photos.zip: the archives inside it were opened: {name}, data/test1.zip"]


def test_a_folder_that_has_the_archives_name_stands_for_it() -> None:
    inner = {f"train/{path}": content for path, content in PHOTOS.items()}
    macos = {"__MACOSX/train/._cat": b"\0\5\x16\7"}
    assert _opened(_zip({"train.zip": _zip(inner), "data/train.zip": _zip(inner)})) == sorted(
        [*inner.items(), *[(f"data/{path}", content) for path, content in inner.items()]]
    )
    assert [name for name, _ in _opened(_zip({"train.zip": _zip(inner | macos)}))] == ["__MACOSX/train/._cat", *inner]
    assert folder_of("train.zip", ["./train/cat/1.png"]) == ""
    assert folder_of("train.zip", ["train"]) == "train/"
    assert folder_of("train.zip", ["train/1.png", "other/1.png"]) == "train/"


@pytest.mark.parametrize(
    "beside",
    [{"cat/1.png": PNG}, {"cat/1.jpg": b"<html>"}, {"cat/1": PNG}],
    ids=["an image", "what is called one", "an image without a suffix"],
)
def test_beside_what_matters_they_stay_shut(beside: dict[str, bytes]) -> None:
    data = {"train.zip": _zip(PHOTOS), **beside}
    told = Told()
    assert _opened(_zip(data), told) == sorted(data.items())
    assert told.notes == []


def test_one_level_deep_alone() -> None:
    deeper = _zip(PHOTOS)
    assert _opened(_zip({"train.zip": _zip({"more.zip": deeper})})) == [("train/more.zip", deeper)]


@pytest.mark.parametrize(
    "name", ["labels.npz", "letter.docx", "labels.csv.gz", "__MACOSX/._train.zip", ".hidden.zip", "...zip"]
)
def test_what_is_a_zip_by_its_bytes_alone_is_not_opened(name: str) -> None:
    data = {name: _zip(PHOTOS)}
    assert _opened(_zip(data)) == sorted(data.items())


def test_what_only_says_that_it_is_one_is_not_opened() -> None:
    data = {"train.zip": b"<html>"}
    assert _opened(_zip(data)) == sorted(data.items())


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (_zip({"../x": b"x"}), r"photos\.zip: train\.zip: member '\.\./x' is refused: its path leaves"),
        (_zip({"a": b"x", "a/b": b"y"}), r"photos\.zip: train\.zip: member 'a' is refused: it is also a folder"),
        (_zip(PHOTOS)[:-30], r"photos\.zip: train\.zip: expected an intact zip or tar; .*Fetch it again"),
    ],
)
def test_what_is_inside_is_trusted_no_more(inner: bytes, reason: str) -> None:
    with pytest.raises(BadArchive, match=reason):
        _opened(_zip({"train.zip": inner}))


def test_limits_hold_for_all_of_it_together() -> None:
    data = _zip({"train.zip": _zip(PHOTOS), "test.zip": _zip(PHOTOS)})
    assert len(_opened(data, max_entries=6)) == 4
    with pytest.raises(BadArchive, match=r"test\.zip: expected at most 5 entries, received 6 or more"):
        _opened(data, max_entries=5)
    large = _zip({"train.zip": _zip({"a.png": bytes(6000)}), "test.zip": _zip({"a.png": bytes(6000)})})
    with pytest.raises(BadArchive, match=r"test\.zip: expected at most .* GiB unpacked"):
        _opened(large, max_gib=10_000 / 2**30)
    packed = _tar({"a.png": bytes(6000)})
    with pytest.raises(BadArchive, match=r"two\.tar\.gz: expected at most .* GiB unpacked"):
        _opened(_zip({"one.tar.gz": packed, "two.tar.gz": packed}), max_gib=10_000 / 2**30)


def test_a_bomb_in_two_stages_is_refused() -> None:
    """Each picture is small enough to be as dense as it likes; all together are not."""
    stages = {f"{number}.zip": _zip({"a.png": bytes(60_000)}) for number in range(40)}
    data = _zip(stages)
    assert len(data) * 100 < 40 * 60_000
    with pytest.raises(
        BadArchive, match="what the archives in it hold together is refused: it unpacks to over 100 times"
    ):
        _opened(data, max_ratio=100, ratio_above_mib=0.1)


_part = st.text("abC é", min_size=1, max_size=3).map(str.strip).filter(bool)
_names = st.lists(st.lists(_part, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6, unique=True)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(["train.zip", "a.tar.gz", "b/c.zip", "a.zip"]), _names, min_size=1))
def test_wrapping_neither_loses_nor_doubles_a_file(inside: dict[str, list[str]]) -> None:
    contents, archives = [], {}
    for archive, names in inside.items():
        clashes = {name for name in names if any(other.startswith(f"{name}/") for other in names)}
        files = {name: PNG + f"{archive} {name}".encode() for name in names if name not in clashes}
        contents += files.values()
        archives[archive] = _zip(files) if archive.endswith(".zip") else _tar(files)
    found = _opened(_zip(archives))
    assert sorted(content for _, content in found) == sorted(contents)
    for name, content in found:
        archive, _, path = content[len(PNG) :].decode().partition(" ")
        assert name.endswith(path)
        assert name.startswith(archive.partition(".")[0])
