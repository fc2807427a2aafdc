"""What a server says of a file's version: RFC 9110 sections 8.8 (validators) and 14.4 (Content-Range)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from evergreen.sources.fetching.codings import stated as codings_stated

_SHA256 = re.compile(r"\bsha-256=:?([A-Za-z0-9+/=]+)", re.IGNORECASE)
_TOTAL = re.compile(r"^bytes (?:(\d+)-\d+|\*)/(\d+|\*)$")


@dataclass(frozen=True)
class Validators:
    """What the headers of an answer say of the file.

    Attributes:
        etag: entity tag as sent, ``W/`` included; None if there is none.
        modified: Last-Modified as sent; None if there is none.
        length: bytes of the whole file as it is sent, so packed if it is; None if it is not said.
        first: position of the first byte sent.
        hashes: ``md5`` or ``sha256`` -> hex digest of the whole file as it is sent, as the server states it.
        codings: how it is packed, by Content-Encoding.
    """

    etag: str | None
    modified: str | None
    length: int | None
    first: int = 0
    hashes: Mapping[str, str] = field(default_factory=dict)
    codings: tuple[str, ...] = ()

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str]) -> "Validators":
        """Read the headers of an answer, whose names may have any case."""
        first, length = 0, headers.get("Content-Length")
        if status in (206, 416):
            found = _TOTAL.match(headers.get("Content-Range", "").strip())
            first = int(found[1] or 0) if found else -1
            length = found[2] if found else None
        known = int(length) if length and length.isdigit() else None
        codings = codings_stated(headers.get("Content-Encoding", ""))
        return cls(headers.get("ETag"), headers.get("Last-Modified"), known, first, _hashes(headers, codings), codings)

    @property
    def version(self) -> str | None:
        """The version in words, the same as long as the file is; None if the server says nothing to rely on."""
        named = self._named
        return named if named is None or self.length is None else f"{named}, {self.length} bytes"

    @property
    def condition(self) -> str | None:
        """What If-Range may hold: a strong entity tag, else the date; None if the rest cannot be asked for safely."""
        return self.etag if self._has_strong_tag else self.modified

    def is_of(self, version: str, *sizes: int) -> bool:
        """Whether an answer is of a version in words.

        Args:
            version: as another answer told it; only one of the two may have said a length.
            sizes: bytes of the whole, if they are known by now: as they were sent, and unpacked.
        """
        named, version = _weakly(self._named), _weakly(version)
        if not sizes:
            return f"{version}, ".startswith(f"{named}, ")
        return version == named or version in {f"{named}, {size} bytes" for size in sizes}

    def goes_on_as(self, rest: "Validators") -> bool:
        """Whether a partial answer is of the very bytes that this one began.

        The whole may have come without a length where the rest states one: then a strong tag alone vouches for it, and
        only of a file sent as it is, since one tag on two codings is a common fault. The rest may leave out how it is
        packed (RFC 9110 section 15.3.7).
        """
        if self._named is None or self._named != rest._named or rest.codings not in ((), self.codings):
            return False
        if self.length is None:
            return self._has_strong_tag and not self.codings
        return self.length == rest.length

    @property
    def _named(self) -> str | None:
        return f"etag {self.etag}" if self.etag else f"modified {self.modified}" if self.modified else None

    @property
    def _has_strong_tag(self) -> bool:
        return self.etag is not None and not self.etag.startswith("W/")


def _weakly(version: str | None) -> str:
    """Return a version without the mark of a weak tag, which a filter on the way adds (RFC 9110 section 8.8.3.2)."""
    return (version or "no version").replace("etag W/", "etag ", 1)


def _hashes(headers: Mapping[str, str], codings: tuple[str, ...]) -> dict[str, str]:
    """Return the digests of the whole file that the usual headers hold."""
    google = headers.get("x-goog-hash", "")
    if codings_stated(headers.get("x-goog-stored-content-encoding", "")) != codings:
        google = ""  # of the stored bytes, which Google unpacked on the way
    stated = [tuple(item.strip().partition("=")[::2]) for item in google.split(",")]
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
