"""evergreen.sources.given: what names stand for, in their order; what cannot be had is an answer, never an end."""

import io
import os
from pathlib import Path

import pytest
from fake_server import FakeServer

from evergreen.errors import BadInput, SourceUnavailable
from evergreen.sources import given as module
from evergreen.sources.given import named


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "photos"
    for name in ("b.png", "a 1.png", "sub/c.png", "sub/deep/ü.jpg", "notes.txt", "sub/.DS_Store", "._b.png", "[x].png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    monkeypatch.chdir(folder)
    return folder


def _names(*asked: str) -> list[str]:
    return [image.name for image in named(asked).images]


def test_the_order_is_the_one_that_was_asked_for_and_folders_are_sorted(photos: Path) -> None:
    assert _names("sub", "b.png", "a 1.png", "b.png") == ["sub/c.png", "sub/deep/ü.jpg", "b.png", "a 1.png", "b.png"]
    found = named([str(photos)])
    below = ["[x].png", "a 1.png", "b.png", "sub/c.png", "sub/deep/ü.jpg"]
    assert [image.name for image in found.images] == [f"{photos}/{name}" for name in below]
    assert found.skipped == 3
    assert found.images[3].read() == b"sub/c.png"


def test_patterns_are_expanded_unless_a_file_has_that_name(photos: Path) -> None:
    assert _names("*.png") == ["[x].png", "a 1.png", "b.png"]
    assert _names("**/*.jpg") == ["sub/deep/ü.jpg"]
    assert _names("su*") == ["sub/c.png", "sub/deep/ü.jpg"]
    assert _names("**") == ["[x].png", "a 1.png", "b.png", "sub/c.png", "sub/deep/ü.jpg"]
    assert _names("[x].png") == ["[x].png"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("*.gif", "no file matches"), ("empty", "no image in this folder"), ("", "empty"), ("a\0b", "impossible")],
)
def test_a_name_that_stands_for_nothing_says_so_when_it_is_read(photos: Path, name: str, said: str) -> None:
    (photos / "empty").mkdir()
    (image,) = named([name]).images
    with pytest.raises(BadInput, match=said):
        image.read()


def test_a_file_named_by_itself_is_read_whatever_its_name_says(photos: Path) -> None:
    (image,) = named(["notes.txt"]).images
    assert image.read() == b"notes.txt"
    (image,) = named(["none.png"]).images
    with pytest.raises(FileNotFoundError):
        image.read()


def test_links_to_files_are_followed_links_to_folders_and_pipes_are_not(photos: Path) -> None:
    folder = photos / "links"
    folder.mkdir()
    (folder / "file.png").symlink_to(photos / "b.png")
    (folder / "round").symlink_to(photos)
    (folder / "gone.png").symlink_to(photos / "gone")
    os.mkfifo(folder / "pipe.png")
    assert _names("links") == ["links/file.png", "links/gone.png"]


def test_bytes_that_are_no_utf8_are_shown_and_the_file_is_read(photos: Path) -> None:
    path = os.fsencode(photos) + b"/sub/deep/\xff.png"
    Path(os.fsdecode(path)).write_bytes(b"seven")
    found = named(["sub/deep"]).images
    assert [image.name for image in found] == ["sub/deep/ü.jpg", "sub/deep/%FF.png"]
    assert found[1].read() == b"seven"


def test_standard_input_is_read_once_however_often_it_is_asked_for(photos: Path) -> None:
    first, _, second = named(["-", "b.png", "-"], io.BytesIO(b"image")).images
    assert (first.name, first.read(), second.read()) == ("<stdin>", b"image", b"image")
    with pytest.raises(BadInput, match="name files"):
        named(["-"]).images[0].read()


def test_a_file_without_an_end_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with pytest.raises(BadInput, match="larger than"):
        named(["/dev/zero"]).images[0].read()


def test_a_file_address_is_a_file_or_a_folder_and_no_pattern(photos: Path) -> None:
    assert _names(f"file://{photos}/a%201.png", f"FILE:{photos}/[x].png", photos.joinpath("sub").as_uri()) == [
        str(photos / name) for name in ("a 1.png", "[x].png", "sub/c.png", "sub/deep/ü.jpg")
    ]
    for name, said in {"file://server/a.png": "on another host", "file:a.png": "file:///ABSOLUTE/PATH"}.items():
        (image,) = named([name]).images
        assert image.name == name
        with pytest.raises(BadInput, match=said):
            image.read()


@pytest.mark.parametrize(
    "url", ["https://[::1/a.png", "https://me:pl4nted/x@host/a.png", "https://me:pl4nted@ho\u2100st/"]
)
def test_an_address_that_cannot_be_read_is_one_images_fault(url: str) -> None:
    (image,) = named([url]).images
    with pytest.raises(SourceUnavailable) as raised:
        image.read()
    assert "pl4nted" not in image.name + str(raised.value)


def test_a_query_that_is_no_secret_tells_two_images_apart(server: FakeServer) -> None:
    server.add("/image", b"x")
    assert _names(server.url("/image?id=1"), server.url("/image?id=2")) == [
        server.url("/image?id=1"),
        server.url("/image?id=2"),
    ]


def test_a_hidden_folder_that_is_named_is_looked_into_and_one_below_is_not(tmp_path: Path) -> None:
    for name in (".cache/1.png", ".cache/.thumbs/2.png", ".cache/@eaDir/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for asked in (f"{tmp_path}/.cache", f"{tmp_path}/.cache/*.png", f"{tmp_path}/.cache/**"):
        found = named([asked])
        assert [image.name for image in found.images] == [f"{tmp_path}/.cache/1.png"], asked
