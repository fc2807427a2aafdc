"""evergreen.images.junk: what lies among images and is none, by its name and its first bytes."""

import pytest

from evergreen.images.formats import GZIP, IMAGE, LFS_POINTER, TEXT, UNKNOWN, ZIP
from evergreen.images.junk import junk_reason, never_looked_into


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("__MACOSX/cat/1.png", "macOS resource fork"),
        ("cat/._1.png", "macOS resource fork"),
        ("cat/.DS_Store", "file of the operating system"),
        ("cat/Thumbs.db", "file of the operating system"),
        ("cat/more.TAR", "an archive in the archive: not opened"),
        ("readme.md", "not an image"),
        ("cat/labels.CSV", "not an image"),
        ("cat/1.png", ""),
        ("cat/1", ""),
        ("cat.txt/1.jpg", ""),
        ("cat/photo.of.unknown.kind", ""),
    ],
)
def test_why_a_file_is_no_image(path: str, reason: str) -> None:
    assert junk_reason(path) == reason


HIDDEN = "hidden: a name that begins with "


@pytest.mark.parametrize("kind", ["", IMAGE, TEXT])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".ipynb_checkpoints/1.png", HIDDEN + "."),
        ("cat/.ipynb_checkpoints/1.png", HIDDEN + "."),
        ("cat/@eaDir/1.png", HIDDEN + "@"),
        ("cat/.hidden.png", HIDDEN + "."),
        ("$RECYCLE.BIN/1.png", "in a folder of the operating system"),
        ("cat/#recycle/1.png", "in a folder of the operating system"),
        ("System Volume Information/1.png", "in a folder of the operating system"),
        ("lost+found/1.png", "in a folder of the operating system"),
        ("__MACOSX/1.png", "macOS resource fork"),
        ("cat/Icon\r", "file of the operating system"),
    ],
)
def test_what_is_never_looked_into_whatever_its_bytes_are(path: str, reason: str, kind: str) -> None:
    assert junk_reason(path, kind) == never_looked_into(path) == reason


def test_a_declared_class_may_begin_with_a_dot_and_its_files_may_not() -> None:
    assert junk_reason(".net/1.png", IMAGE) == HIDDEN + "."
    assert junk_reason(".net/1.png", IMAGE, [".NET", "@home"]) == ""
    assert junk_reason("@home/1.png", IMAGE, [".NET", "@home"]) == ""
    assert junk_reason(".net/.1.png", IMAGE, [".NET"]) == HIDDEN + "."
    assert junk_reason("./../a/1.png", IMAGE) == ""


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("cat/1", IMAGE, ""),
        ("cat/1.of.no.kind", IMAGE, ""),
        ("cat/1.jpg", LFS_POINTER, ""),
        ("cat/1.PSD", "a PSD", ""),
        ("cat/1.jxl", "a JPEG XL", ""),
        ("cat/1.png", ZIP, ""),
        ("cat/1", LFS_POINTER, f"not an image: {LFS_POINTER}"),
        ("LICENSE", TEXT, "not an image: text"),
        ("cat/1.xml", TEXT, "not an image: text"),
        ("cat/1.wav", "a sound", "not an image: a sound"),
        ("cat/1.mat", UNKNOWN, "not an image: unknown bytes"),
        ("cat/more.zip", ZIP, "an archive in the archive: not opened"),
        ("cat/more", GZIP, "an archive in the archive: not opened"),
        ("cat/more.rar", UNKNOWN, "an archive in the archive: not opened"),
    ],
)
def test_bytes_and_suffix_decide_where_somebody_looked(path: str, kind: str, reason: str) -> None:
    assert junk_reason(path, kind) == reason
