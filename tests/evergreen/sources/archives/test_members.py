"""evergreen.sources.archives.members: how much may come out, and one member as large as was said."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives import members

LIMITS = Unpack(max_entries=2, max_gib=1 / 2**20, max_ratio=10, ratio_above_mib=0.001)


def test_a_limit_is_reached_and_not_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = type("Usage", (), {"free": 2048})
    monkeypatch.setattr(members.shutil, "disk_usage", lambda _: free)
    members.check_count(2, LIMITS)
    members.check_total(1024, tmp_path, LIMITS)
    members.check_ratio(10_000, 1000, "a", LIMITS)
    members.check_ratio(1000, 1, "a", LIMITS)  # small enough to be as dense as it likes
    refused: dict[str, Any] = {
        "raise unpack.max_entries": lambda: members.check_count(3, LIMITS),
        "raise unpack.max_gib": lambda: members.check_total(1025, tmp_path, LIMITS),
        "a is refused: it unpacks to over 10 times": lambda: members.check_ratio(10_001, 1000, "a", LIMITS),
    }
    for said, check in refused.items():
        with pytest.raises(BadArchive, match=said):
            check()
    free.free = 2047  # type: ignore[attr-defined]
    with pytest.raises(BadArchive, match="over half of the 2,047 that are free"):
        members.check_total(1024, tmp_path, LIMITS)


def test_a_member_is_as_large_as_was_said_and_takes_no_files_place(tmp_path: Path) -> None:
    written = members.write_member(io.BytesIO(b"photo"), tmp_path / "0", 5, "a")
    assert written == members.Member("a", tmp_path / "0", hashlib.sha256(b"photo").hexdigest(), 5, "text")
    assert (tmp_path / "0").read_bytes() == b"photo"
    for size, said in ((4, "larger"), (6, "shorter")):
        with pytest.raises(BadArchive, match=f"member 'a' is refused: it is {said} than the directory states"):
            members.write_member(io.BytesIO(b"photo"), tmp_path / str(size), size, "a")
    with pytest.raises(FileExistsError):
        members.write_member(io.BytesIO(b"other"), tmp_path / "0", 5, "a")
