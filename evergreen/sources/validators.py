"""What a server says of a file's version: RFC 9110 sections 8.8 (validators) and 14.4 (Content-Range)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SHA256 = re.compile(r"\bsha-256=:?([A-Za-z0-9+/=]+)", re.IGNORECASE)
_TOTAL = re.compile(r"^bytes (?:(\d+)-\d+|\*)/(\d+|\*)$")


@dataclass(frozen=True)
class Validators:
    """What the headers of an answer say of the file.

    Attributes:
        etag: entity tag as sent, ``W/`` included; None if there is none.
        modified: Last-Modified as sent; None if there is none.
        length: bytes of the whole file; None if it is not said.
        first: position of the first byte sent.
        hashes: ``md5`` or ``sha256`` -> hex digest of the whole file, as the server states it.
    """

    etag: str | None
    modified: str | None
    length: int | None
    first: int = 0
    hashes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str]) -> "Validators":
        """Read the headers of an answer, whose names may have any case."""
        first, length = 0, headers.get("Content-Length")
        if status in (206, 416):
            found = _TOTAL.match(headers.get("Content-Range", "").strip())
            first = int(found[1] or 0) if found else -1
            length = found[2] if found else None
        elif headers.get("Content-Encoding", "identity") != "identity":
            length = None
        known = int(length) if length and length.isdigit() else None
        return cls(headers.get("ETag"), headers.get("Last-Modified"), known, first, _hashes(headers))

    @property
    def version(self) -> str | None:
        """The version in words, the same as long as the file is; None if the server says nothing to rely on."""
        named = f"etag {self.etag}" if self.etag else f"modified {self.modified}" if self.modified else None
        if named is None or self.length is None:
            return named
        return f"{named}, {self.length} bytes"

    @property
    def condition(self) -> str | None:
        """What If-Range may hold: a strong entity tag, else the date; None if the rest cannot be asked for safely."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


def _hashes(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the digests of the whole file that the usual headers hold."""
    stated = [tuple(item.strip().partition("=")[::2]) for item in headers.get("x-goog-hash", "").split(",")]
    stated.append(("sha256", headers.get("x-amz-checksum-sha256", "")))
    digests = headers.get("Repr-Digest") or headers.get("Digest") or ""
    stated += [("sha256", value) for value in _SHA256.findall(digests)]
    # Content-MD5 is of the bytes of this answer, so of a part if a part was asked for.
    if "Content-Range" not in headers:
        stated.append(("md5", headers.get("Content-MD5", "")))
    sizes = {"md5": 16, "sha256": 32}
    return {name: digest for name, value in stated if name in sizes and (digest := _hex(value, sizes[name]))}


def _hex(value: str, size: int) -> str | None:
    """Return base64 as hex digits if it is a digest of that many bytes; parts of a multi-part upload are none."""
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data.hex() if len(data) == size else None
