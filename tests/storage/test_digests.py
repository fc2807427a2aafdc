"""storage.digests: one digest, and one form of JSON whose digest is stable."""

import hashlib
from pathlib import Path

import pytest

from storage.digests import canonical_json, checked_digest, is_digest, sha256_bytes, sha256_file
from storage.errors import BadReference


def test_a_files_digest_is_that_of_its_bytes(tmp_path: Path) -> None:
    data = b"x" * 3_000_000
    (tmp_path / "a").write_bytes(data)
    assert sha256_file(tmp_path / "a") == sha256_bytes(data) == hashlib.sha256(data).hexdigest()


def test_json_is_the_same_whatever_the_order_and_has_no_word_for_nan() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "kæt"}) == '{"a":"kæt","b":[1,2.5]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "a" * 64 + "\n", "../" + "a" * 61])
def test_what_is_no_digest_reaches_no_path(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(BadReference, match="expected a SHA-256"):
        checked_digest(text)


def test_what_is_one_passes() -> None:
    assert checked_digest("0af" * 21 + "0") == "0af" * 21 + "0"
    assert not is_digest(None)
