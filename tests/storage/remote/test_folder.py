"""storage.remote.folder: what only a folder has: refusals of the system, versions, files that a kill left."""

import errno
import os
from pathlib import Path

import pytest

from storage.errors import RemoteError, RemoteFull, RemoteRefused, RemoteUnreachable
from storage.remote.folder import Folder


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, RemoteFull),
        (errno.EDQUOT, RemoteFull),
        (errno.EACCES, RemoteRefused),
        (errno.EOPNOTSUPP, RemoteRefused),
        (errno.ESTALE, RemoteUnreachable),
        (errno.EIO, RemoteUnreachable),
    ],
)
def test_what_the_system_refuses_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[RemoteError]
) -> None:
    folder = Folder(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(kind, match=str(tmp_path)):
        folder.put_new("blobs/a", b"bytes")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_version_that_a_listing_does_not_show_yet_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    assert folder.put_if("title", b"first", None)
    assert folder.put_if("title", b"second", "1")
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    assert folder.get_tagged("title") == (b"second", "2")


def test_no_version_is_ever_free_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(5):
        assert folder.put_if("title", b"%d" % number, str(number) if number else None)
    assert not any(folder.put_if("title", b"late", str(number)) for number in range(1, 5))
