"""SHA-256 digests, and the one JSON form whose digest is stable."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from storage.errors import BadReference

_HEX = re.compile(r"[0-9a-f]{64}\Z")


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 lowercase hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in blocks so that memory stays flat."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return ``value`` as UTF-8 JSON with sorted keys and no spare white space.

    Raises:
        ValueError: ``value`` holds a NaN or an infinity, which JSON has no word for.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def is_digest(value: object) -> bool:
    """Whether a value is a SHA-256 in hex."""
    return isinstance(value, str) and _HEX.match(value) is not None


def checked_digest(text: str) -> str:
    """Return ``text`` if it is a SHA-256 in hex; a path such as ``../../x`` can never pass.

    Raises:
        BadReference: it is anything else.
    """
    if not is_digest(text):
        raise BadReference(f"expected a SHA-256 of 64 lowercase hex digits, received {text!r}")
    return text
