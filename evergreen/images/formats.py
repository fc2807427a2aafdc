"""Which formats are read: a list, so that what is accepted depends on no machine and starts no program.

Left out, though Pillow knows them: EPS (starts Ghostscript), TGA and SPIDER (no magic number, so anything may be one),
FITS, GRIB, HDF5, BUFR (stubs that other packages fill in), and what photos do not come in.
"""

# Of these the header alone bounds the memory that decoding takes. JPEG holds MPO, the photos of many telephones, too.
PLAIN = ("JPEG", "PNG", "GIF", "BMP", "PPM")
FORMATS = (*PLAIN, "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "ICO", "ICNS")

# What Pillow calls the parts that it may be built without -> the format that each reads.
CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WEBP", "libtiff": "TIFF", "avif": "AVIF", "jpg_2000": "JPEG2000"}

# (where, magic number, name) of formats that people try, so that a refusal can name them.
_OTHERS = (
    (0, b"%!PS", "EPS or PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"%PDF", "PDF"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"8BPS", "PSD"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "DDS"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (40, b" EMF", "EMF"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5"),
    (128, b"DICM", "DICOM"),
    (0, b"gimp xcf", "XCF"),
)
_SVG_WITHIN = 1024


def name_of(data: bytes) -> str:
    """Return the name of a format that is not read, or nothing if it is none that people try."""
    for where, magic, name in _OTHERS:
        if data[where : where + len(magic)] == magic:
            return name
    return "SVG" if b"<svg" in data[:_SVG_WITHIN] else ""
