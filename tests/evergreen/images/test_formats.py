"""evergreen.images.formats: what is read is a list, and each format of it is read; what a file is, its bytes say."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from hostile_images import icns, jpeg2000, png, saved
from PIL import Image, features

from evergreen.errors import DecodersUnavailable, UnknownFormat
from evergreen.images import door
from evergreen.images.door import open_image
from evergreen.images.formats import FORMATS, HEAD_BYTES, IMAGE, PLAIN, has_image_suffix, kind_of


@pytest.mark.parametrize("kind", ["TGA", "SPIDER", "PCX", "SGI", "DDS", "QOI", "IM", "MSP", "XBM"])
def test_what_is_not_on_the_list_is_refused_though_pillow_knows_it(kind: str) -> None:
    mode = {"SPIDER": "F", "MSP": "1", "XBM": "1"}.get(kind, "RGB")
    with pytest.raises(UnknownFormat, match="convert it to one of JPEG, PNG"):
        open_image(saved(Image.new("RGB", (9, 6), "red").convert(mode), kind))


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_on_the_list_is_read_from_every_pillow_of_the_lock(kind: str) -> None:
    data = icns(jpeg2000((64, 64), (64, 64))) if kind == "ICNS" else saved(Image.new("RGB", (64, 64), "red"), kind)
    assert open_image(data).pixels.shape == (64, 64, 3)
    if kind not in PLAIN:
        with pytest.raises(UnknownFormat):
            open_image(data, formats=PLAIN)


def test_a_pillow_without_a_format_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = features.check
    monkeypatch.setattr(door.features, "check", lambda name: name != "avif" and real(name))
    monkeypatch.setattr(door, "require_decoders", door.require_decoders.__wrapped__)
    with pytest.raises(DecodersUnavailable, match=r"lacks AVIF: install the wheel that requirements\.lock names"):
        open_image(png(1, 1))


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\x0a", "a JPEG XL"),
        (b"%PDF-1.7", "a PDF"),
        (b"<?xml version='1.0'?><svg/>" + b" " * HEAD_BYTES, "an SVG vector graphic"),
        (b"8BPS\0\x01", "a PSD"),
    ],
)
def test_a_refusal_names_formats_that_people_try(start: bytes, name: str) -> None:
    with pytest.raises(UnknownFormat, match=f"not a readable image: this is {name}; convert it to one of JPEG"):
        open_image(start + bytes(200))


def test_a_refusal_says_what_else_it_is_and_what_to_do() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    with pytest.raises(UnknownFormat, match=r"not a readable image: this is a Git LFS pointer; run git lfs pull$"):
        open_image(pointer)
    with pytest.raises(UnknownFormat, match=r"not a readable image: this is a web page$"):
        open_image(b"<!DOCTYPE html><html><body>404</body></html>")


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_read_is_an_image_by_its_first_bytes_alone(kind: str) -> None:
    data = icns(jpeg2000((64, 64), (64, 64))) if kind == "ICNS" else saved(Image.new("RGB", (64, 64), "red"), kind)
    assert kind_of(data[:HEAD_BYTES]) == kind_of(data[:32]) == IMAGE


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "I;16", "F"])
def test_every_kind_of_portable_map_is_an_image(mode: str) -> None:
    assert kind_of(saved(Image.new(mode, (3, 2)), "PPM")) == IMAGE


def _npz() -> bytes:
    data = io.BytesIO()
    np.savez(data, a=np.zeros(3))
    return data.getvalue()


def _npy() -> bytes:
    data = io.BytesIO()
    np.save(data, np.zeros(3))
    return data.getvalue()


def _tar(mode: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as tar:
        tar.addfile(tarfile.TarInfo("a"))
    return data.getvalue()


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w"):
        pass
    return data.getvalue()


KINDS = [
    (b"", "an empty file"),
    (b"\n <!-- saved --><HTML><body><svg/></body></HTML>", "a web page"),
    ("\ufeff<!DOCTYPE html>".encode(), "a web page"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG vector graphic"),
    (b"<?xml version='1.0'?>\n<annotation><folder>cat</folder></annotation>", "text"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"),
    (b"id,label\n1,cat\n", "text"),
    ("Klasse;H\u00f6he\n".encode("latin-1"), "text"),
    ("\ufeffid;label\n".encode("utf-16-le"), "text"),
    # Words that begin as formats do.
    (b"BMW and others\n", "text"),
    (b"P5 is a processor\n", "text"),
    (b"The wide river, ID3, and WAVE\n", "text"),
    (b"ID3,label\n", "text"),
    (b"PAR1 to PAR4\n", "text"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "a sound"),
    (b"ID3\x04\0\0\0", "a sound"),
    (b"\xff\xfb\x90\x00", "a sound"),
    (b"fLaC\0\0\0\x22", "a sound"),
    (b"OggS\0\x02", "a sound"),
    (b"\0\0\0\x1cftypM4A \0", "a sound"),
    (b"\0\0\0\x20ftypisom\0", "a video"),
    (b"\0\0\0\x20ftypqt  \0", "a video"),
    (b"RIFF\x24\0\0\0AVI LIST", "a video"),
    (b"\x1a\x45\xdf\xa3\x01", "a video"),
    (b"\0\0\0\x24ftypheic\0\0\0\0mif1heicmiaf" + bytes(200), IMAGE),
    (b"\xff\x0a" + b"\1" * 64, "a JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL"),
    (_npy(), "a NumPy array"),
    (_npz(), "a zip archive"),
    (_zip(), "a zip archive"),
    (_tar("w"), "a tar archive"),
    (_tar("w:gz"), "a gzip file"),
    (_tar("w:bz2"), "a bzip2 file"),
    (_tar("w:xz"), "an xz file"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
    (b"Rar!\x1a\7\1\0", "a RAR archive"),
    (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(90), "a MATLAB file"),
    (b"PAR1" + bytes(400) + b"PAR1", "a parquet table"),
    (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
    (b"#define a_width 9\n", "an XBM"),
    (bytes(range(1, 200)), "unknown bytes"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS, ids=range(len(KINDS)))
def test_first_bytes_say_what_a_file_is(data: bytes, kind: str) -> None:
    assert kind_of(data[:HEAD_BYTES]) == kind


def test_what_pillow_takes_for_a_format_that_is_read_is_an_image() -> None:
    """Beginnings that a decoder would try, but for text that happens to begin so."""
    door.require_decoders()
    rng = np.random.default_rng(1)
    for begin in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0+", b"RIFF1234WEBPVP8X", b"icns"):
        head = begin + rng.bytes(100)
        assert any(Image.OPEN[name][1](head[:16]) is True for name in FORMATS if Image.OPEN[name][1])
        assert kind_of(head) == IMAGE
    for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"):
        assert kind_of(b"\0\0\0\x18ftyp" + brand + bytes(12)) == IMAGE


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "png", "webp", "tif", "heic", "avif", "jxl", "psd", "svg"])
def test_suffixes_of_images(suffix: str) -> None:
    assert has_image_suffix(f"a.b/c.{suffix}")


@pytest.mark.parametrize("path", ["a", "a.png/b", "a.txt", "a.mp4", "a.npy", "a.png.txt", ".png"])
def test_other_suffixes(path: str) -> None:
    assert not has_image_suffix(path)
