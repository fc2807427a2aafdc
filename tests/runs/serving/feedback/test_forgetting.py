"""runs.serving.feedback.forgetting: a picture goes by its digest, and what cannot go is said."""

import os
from pathlib import Path

import pytest
from loops import Loop

from evergreen.errors import BadInput
from runs.serving.feedback.forgetting import forget
from runs.serving.feedback.log import Log
from storage.in_use import in_use


def _files_naming(root: Path, digest: str) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and digest in f"{path.name} {path.read_bytes()!r}"]


def test_all_that_is_kept_of_a_picture_goes_and_all_else_stays(loop: Loop) -> None:
    digest, other = loop.answered(1, 2)
    loop.answered(1)
    for one in (digest, other):
        loop.say(one, "blue", "Mallory")
        loop.confirm(one, "red", "blue")
    plants = Log(loop.log.root, "plants")
    plants.append("answers", [{"time": "t", "sha256": digest}], "2026-12-01")
    plants.put(digest, loop.log.read(digest))
    found = forget(loop.log, loop.store, digest)
    assert found.deleted == [
        "the picture in the log of colours", "the confirmed picture of colours and its row", "2 answers of colours",
        "1 truth of colours", "the picture in the log of plants", "1 answer of plants",
    ]  # fmt: skip
    assert found.stays == []
    assert _files_naming(loop.store.root, digest) == []
    assert loop.log.read(other)
    assert list(loop.confirmed.rows()) == [other]
    assert [path.stem for path in loop.confirmed.files()] == [other]
    assert forget(loop.log, loop.store, digest).deleted == []
    with pytest.raises(BadInput, match="--forget: expected a SHA-256"):
        forget(loop.log, loop.store, "../../x")


def test_the_copy_in_the_store_goes_and_the_runs_that_read_it_are_named(loop: Loop) -> None:
    digests = loop.answered(*range(100, 110))
    for digest in digests:
        loop.confirm(digest, "red")
    data = loop.run()
    (loop.store.root / "cache" / "pixels").mkdir(parents=True)
    (loop.store.root / "cache" / "pixels" / "x").write_bytes(b"decoded")
    split = data.table("split").set_index("sha256")["split"]
    digest = next(digest for digest in digests if split[digest] == "train")
    with in_use(loop.store):
        busy = forget(loop.log, loop.store, digest)
    assert loop.store.blob_path(digest).exists()
    assert "it is in use; ask again once nothing runs" in busy.stays[0]
    found = forget(loop.log, loop.store, digest)
    assert not loop.store.blob_path(digest).exists()
    assert not (loop.store.root / "cache").exists()
    assert found.deleted[0] == f"its copy in the store {loop.store.root}"
    (stays,) = found.stays
    assert stays.startswith("run 20261201-040000-abcdef looked at it: what its network learned")
    again = loop.run(run_id="20261201-050000-abcdef")  # nothing that is missing is missed
    assert set(data.table("split")["sha256"]) - set(again.table("split")["sha256"]) == {digest}
    with pytest.raises(BadInput, match="cannot delete all of"):
        (loop.store.root / "champions").chmod(0o700)
        _refuse(loop, digests)


def _refuse(loop: Loop, digests: list[str]) -> None:
    """Have the system refuse to delete, as a folder that may not be written does."""
    digest = next(one for one in digests if loop.log.picture(one).exists())
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == loop.log.picture(digest):
            raise PermissionError(13, os.strerror(13), str(path))
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        forget(loop.log, loop.store, digest)
