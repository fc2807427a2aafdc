"""What a file is, by its first bytes, and which formats are read: lists, so that nothing depends on the machine.

Left out of what is read, though Pillow knows them: EPS (starts Ghostscript), TGA and SPIDER (no magic number, so
anything may be one), FITS, GRIB, HDF5, BUFR (stubs that other packages fill in), and what photos do not come in.
"""

import re
from posixpath import splitext

# Of these the header alone bounds the memory that decoding takes. JPEG holds MPO, the photos of many telephones, too.
PLAIN = ("JPEG", "PNG", "GIF", "BMP", "PPM")
FORMATS = (*PLAIN, "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "ICO", "ICNS")

# What Pillow calls the parts that it may be built without -> the format that each reads.
CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WEBP", "libtiff": "TIFF", "avif": "AVIF", "jpg_2000": "JPEG2000"}

# How many of a file's first bytes tell its kind: an SVG may begin with long comments.
HEAD_BYTES = 1024
IMAGE = "image"
EMPTY, UNKNOWN, TEXT = "an empty file", "unknown bytes", "text"
WEB_PAGE, LFS_POINTER = "a web page", "a Git LFS pointer"
ZIP, TAR = "a zip archive", "a tar archive"
GZIP, BZIP2, XZ = "a gzip file", "a bzip2 file", "an xz file"
# Archives that are not opened here.
FOREIGN_ARCHIVES = ("a RAR archive", "a 7z archive", "a zstd archive", "an lz4 file", "a CAB archive", "a .Z file")
ARCHIVES = (ZIP, TAR, GZIP, BZIP2, XZ, *FOREIGN_ARCHIVES)
# Pictures that a person can convert into one of FORMATS.
PICTURES = (
    "a JPEG XL", "a PSD", "an SVG vector graphic", "an EPS or PostScript file", "a PDF", "a QOI", "a DDS", "a WMF",
    "an EMF", "a FITS", "a DICOM", "an XCF", "an XBM", "an XPM", "an OpenEXR", "a Radiance HDR", "a raw photo",
)  # fmt: skip
# Arrays and tables that may hold pictures, but not as files.
TABLES = (
    "a NumPy array", "a MATLAB file", "a parquet table", "an Arrow table", "an HDF5 file", "an SQLite database",
)  # fmt: skip

_TIFF = (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+")
_BEGIN_IMAGES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", *_TIFF,
    b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\1\0", b"icns",
)  # fmt: skip
_PPM = re.compile(rb"P(?:[1-6f]|0CMYK|yP|yRGBA|yCMYK)\s+[#\d]")
# BM alone begins many texts: the size of the second header, which follows, is one of these.
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
# Brands of ISO base media files that hold still pictures: HEIF, and AVIF.
_STILLS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"heif", b"mif1", b"mif2", b"msf1",
    b"avif", b"avis",
}  # fmt: skip

# (where, magic number, what it is); of two that fit, the first.
_MAGIC = (
    (0, b"version https://git-lfs.github.com/spec/", LFS_POINTER),
    (0, b"PK\3\4", ZIP),
    (0, b"PK\5\6", ZIP),
    (0, b"PK\7\x08", ZIP),
    (0, b"\x1f\x8b", GZIP),
    (0, b"\xfd7zXZ\0", XZ),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"\x04\x22\x4d\x18", "an lz4 file"),
    (0, b"MSCF\0\0\0\0", "a CAB archive"),
    (0, b"\x1f\x9d", "a .Z file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file"),
    (0, b"MATLAB 7.3 MAT-file", "a MATLAB file"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"%!PS", "an EPS or PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS or PostScript file"),
    (0, b"%PDF", "a PDF"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\xd7\xcd\xc6\x9a", "a WMF"),
    (0, b"SIMPLE  =", "a FITS"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR"),
    (0, b"#?RADIANCE", "a Radiance HDR"),
    (0, b"/* XPM */", "an XPM"),
    (4, b"ftypcrx ", "a raw photo"),
    (0, b"\xff\xfb", "a sound"),
    (0, b"\xff\xf3", "a sound"),
    (0, b"\xff\xf2", "a sound"),
    (0, b"\xff\xf1", "a sound"),
    (0, b"\xff\xf9", "a sound"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (0, b"\0\0\x01\xba", "a video"),
    (0, b"\0\0\x01\xb3", "a video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video"),
    (0, b"\0\x05\x16\x07", "a macOS resource fork"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    (0, b"\x7fELF", "a program"),
)  # fmt: skip
# Letters that a text may begin with as well: they count where what follows is no text.
_MAGIC_LETTERS = (
    (257, b"ustar", TAR),
    (0, b"BZh", BZIP2),
    (0, b"PAR1", "a parquet table"),
    (0, b"ARROW1", "an Arrow table"),
    (0, b"FEA1", "an Arrow table"),
    (0, b"8BPS", "a PSD"),
    (0, b"qoif", "a QOI"),
    (0, b"DDS ", "a DDS"),
    (40, b" EMF", "an EMF"),
    (128, b"DICM", "a DICOM"),
    (0, b"gimp xcf", "an XCF"),
    (0, b"FUJIFILMCCD-RAW", "a raw photo"),
    (0, b"IIRO", "a raw photo"),
    (0, b"IIRS", "a raw photo"),
    (0, b"IIU\0", "a raw photo"),
    (0, b"ID3", "a sound"),
    (0, b"fLaC", "a sound"),
    (0, b"OggS", "a sound"),
    (8, b"WAVE", "a sound"),
    (8, b"AIFF", "a sound"),
    (0, b"MThd", "a sound"),
    (0, b"#!AMR", "a sound"),
    (0, b".snd", "a sound"),
    (4, b"ftypM4A ", "a sound"),
    (4, b"ftyp", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"FLV\x01", "a video"),
    (4, b"moov", "a video"),
    (4, b"mdat", "a video"),
    (4, b"wide", "a video"),
)  # fmt: skip

_IMAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".mpo", ".png", ".apng", ".gif", ".bmp", ".dib", ".ppm",
    ".pgm", ".pbm", ".pnm", ".pfm", ".webp", ".tif", ".tiff", ".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs",
    ".hif", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".ico", ".icns",
    # Of pictures that are not read: whoever has them takes them for images, and wants to hear of them.
    ".jxl", ".psd", ".svg", ".svgz", ".tga", ".dds", ".qoi", ".xcf", ".exr", ".dcm", ".dng", ".nef", ".cr2", ".cr3",
    ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw",
})  # fmt: skip
_XBM = re.compile(rb"\s*#define \w+_width \d")
_PROLOG = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<")
_NOT_IN_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def kind_of(head: bytes) -> str:
    """Return what a file is, in a few words.

    Args:
        head: its first ``HEAD_BYTES`` bytes, or all of them.

    Returns:
        ``IMAGE`` if it begins as one of ``FORMATS``, damaged or not; else such as ``a web page``, ``text``, ``a
        sound``, ``an empty file``, and ``unknown bytes`` if it begins as nothing that is known.
    """
    if _begins_as_an_image(head):
        return IMAGE
    if not head:
        return EMPTY
    return _first(_MAGIC, head) or _kind_of_text(head[:HEAD_BYTES]) or _first(_MAGIC_LETTERS, head) or UNKNOWN


def what_to_do(kind: str) -> str:
    """Return what a person does about a file that was taken for an image and is of another kind; empty if nothing."""
    if kind == LFS_POINTER:
        return "run git lfs pull"
    return f"convert it to one of {', '.join(FORMATS)}" if kind in (UNKNOWN, *PICTURES) else ""


def has_image_suffix(path: str) -> bool:
    """Whether a file's name ends as an image's does, also as one of a kind that is not read, such as ``.psd``."""
    return splitext(path)[1].lower() in _IMAGE_SUFFIXES


def _begins_as_an_image(head: bytes) -> bool:
    if head.startswith(_BEGIN_IMAGES):
        return True
    if head[:4] == b"RIFF":
        return head[8:15] == b"WEBPVP8"
    if head[4:8] == b"ftyp":
        return head[8:12] in _STILLS
    if head[:2] == b"BM":
        return int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return bool(_PPM.match(head))


def _first(magic: tuple[tuple[int, bytes, str], ...], head: bytes) -> str:
    return next((words for where, begin, words in magic if head.startswith(begin, where)), "")


def _kind_of_text(head: bytes) -> str:
    """Return what it is if it is text of some kind, or nothing; a file of UTF-16 begins with a mark that says so."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT
    if _NOT_IN_TEXT.search(head):
        return ""
    if _XBM.match(head):
        return "an XBM"
    if _PROLOG.match(head):
        lower = head.lower()
        page, drawing = (lower.find(mark) for mark in (b"<html", b"<svg"))
        if b"<!doctype html" in lower or 0 <= page < (drawing if drawing >= 0 else HEAD_BYTES):
            return WEB_PAGE
        if drawing >= 0:
            return "an SVG vector graphic"
    return TEXT
