"""evergreen.images.junk: what lies among images and is none, by its name."""

import pytest

from evergreen.images.junk import junk_reason


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
