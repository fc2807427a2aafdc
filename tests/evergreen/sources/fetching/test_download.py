"""evergreen.sources.fetching.download: whole, of one version, resumed where it was cut."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from downloads import DATA, OTHER, leftovers

from evergreen.errors import (
    SourceUnreachable,
)
from evergreen.sources.fetching import download as module
from evergreen.sources.fetching.answers import ask
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.fetching.download import CHUNK, fetch


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_fifty_random_cuts_are_resumed(server: Any, want: Any, context: SourceContext, shelf: Any, kind: str) -> None:
    rng = random.Random(50)
    served = server.add("/photos.zip", DATA)
    served.faults = [getattr(server, kind)(rng.randrange(1, 120_000)) for _ in range(50)]
    kept = fetch(want(), context)
    assert kept == Kept(hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert shelf.read(kept) == DATA
    assert len(server.requests) == 51
    assert all("If-Range" in seen.headers for seen in server.requests[-10:])
    assert sum(seen.sent for seen in server.requests) <= len(DATA) + 50 * CHUNK
    assert not leftovers(context)


def test_a_cut_before_the_first_byte_and_after_the_last_are_survived(
    server: Any, want: Any, context: SourceContext
) -> None:
    served = server.add("/photos.zip", DATA)
    served.faults = [server.cut(0), server.cut(len(DATA))]
    assert fetch(want(), context).size == len(DATA)


def test_tries_that_bring_nothing_come_to_an_end(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.cut(0)] * 9
    with pytest.raises(SourceUnreachable, match="the connection was cut"):
        fetch(want(), context)
    assert len(server.requests) == 3
    assert not list(shelf.folder.iterdir())


def test_a_cut_without_a_stated_length_is_seen(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    served.faults = [server.cut(50_000)]
    kept = fetch(want(), context)
    assert shelf.read(kept) == DATA


def test_a_strong_tag_vouches_for_the_rest_of_what_came_without_a_length(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    served.faults = [server.cut(2_000_000), server.cut(500_000)]
    assert shelf.read(fetch(want(), context)) == DATA
    assert sum(seen.sent for seen in server.requests) == len(DATA)


def test_a_date_does_not_vouch_for_the_rest_of_what_came_without_a_length(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    date = "Sat, 21 Nov 2026 10:00:00 GMT"
    served = server.add("/photos.zip", DATA, etag=None, modified=date, chunked=True)
    served.faults = [server.cut(2_000_000), server.then(lambda served: setattr(served, "data", OTHER))]
    assert shelf.read(fetch(want(), context)) == OTHER


def test_a_server_without_ranges_starts_over(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA, ranges=False)
    served.faults = [server.cut(2_000_000)]
    assert shelf.read(fetch(want(), context)) == DATA
    assert [seen.sent for seen in server.requests] == [2_000_000, len(DATA)]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("other", [OTHER, OTHER[: len(OTHER) // 2], OTHER + DATA])
def test_two_versions_are_never_spliced(
    server: Any, want: Any, context: SourceContext, shelf: Any, other: bytes, ranges: bool
) -> None:
    served = server.add("/photos.zip", DATA, ranges=ranges)

    def change(served: Any) -> None:
        served.data, served.etag = other, '"v2"'

    served.faults = [server.cut(2_500_000), server.then(change)]
    assert shelf.read(fetch(want(), context)) == other


def test_a_server_that_ignores_if_range_is_not_trusted(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA)

    def rest_of_another(handler: Any, served: Any) -> bool:
        served.data, served.etag = OTHER, '"v2"'
        del handler.headers["If-Range"]
        return True

    served.faults = [server.cut(2_000_000), rest_of_another]
    assert shelf.read(fetch(want(), context)) == OTHER


def test_the_same_tag_with_another_length_starts_over(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA)
    served.faults = [server.cut(100_000), server.then(lambda served: setattr(served, "data", OTHER[:200_000]))]
    assert shelf.read(fetch(want(), context)) == OTHER[:200_000]


def test_what_is_here_is_not_fetched_again_until_it_is_gone(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    server.add("/photos.zip", DATA)
    kept = fetch(want(), context)
    assert fetch(want(), context) == kept
    assert len(server.requests) == 1
    (shelf.folder / kept.sha256).unlink()
    assert fetch(want(), context) == kept
    assert len(server.requests) == 2


_FETCH = """
import sys
sys.path.insert(0, sys.argv[4])
from pathlib import Path
from evergreen.sources.fetching.answers import Ask
from evergreen.sources.fetching.context import SourceContext, Kept
from evergreen.sources.fetching.download import Wanted, fetch

class Shelf:
    folder = Path(sys.argv[2])
    def has(self, kept):
        return (self.folder / kept.sha256).is_file()
    def take(self, path, kept):
        path.replace(self.folder / kept.sha256)

context = SourceContext(Shelf(), Path(sys.argv[3]), Path(sys.argv[3]), None, lambda *progress: None)
ask = Ask(lambda: sys.argv[1], "http://server/photos.zip", "", stall_seconds=20, pause_seconds=0.01)
print(fetch(Wanted("photos.zip", ask, "label"), context).sha256)
"""


def _process(server: Any, context: SourceContext, shelf: Any) -> subprocess.Popen:
    project = Path(module.__file__).parents[3]
    arguments = [server.url("/photos.zip"), str(shelf.folder), str(context.downloads), str(project)]
    return subprocess.Popen([sys.executable, "-c", _FETCH, *arguments], stdout=subprocess.PIPE, text=True)


def test_after_kill_9_the_next_process_resumes(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(20, after=3_000_000)]
    process = _process(server, context, shelf)
    part = None
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (part and part.stat().st_size == 3_000_000):
        part = next(context.downloads.glob("*.part"), None) if context.downloads.is_dir() else None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert part is not None
    assert part.stat().st_size == 3_000_000
    assert shelf.read(fetch(want(), context)) == DATA
    assert server.requests[-1].sent == len(DATA) - 3_000_000
    assert not leftovers(context)


def test_what_is_here_of_another_version_is_left(
    server: Any, want: Any, context: SourceContext, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server.add("/photos.zip", DATA)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(shelf, "take", _die)
        fetch(want(), context)
    assert leftovers(context)
    served.data, served.etag = OTHER, '"v2"'
    assert shelf.read(fetch(want(version=ask(want().ask).version), context)) == OTHER


def test_eight_processes_fetch_it_once(server: Any, context: SourceContext, shelf: Any) -> None:
    server.add("/photos.zip", DATA)
    processes = [_process(server, context, shelf) for _ in range(8)]
    answers = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert answers == {hashlib.sha256(DATA).hexdigest()}
    assert len(list(shelf.folder.iterdir())) == 1
    assert len(server.requests) == 1
    assert not leftovers(context)


def test_a_full_disk_is_noticed_before_the_first_byte(
    server: Any, want: Any, context: SourceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", DATA)
    free = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: free)
    with pytest.raises(OSError, match="1,000 are free"):
        fetch(want(), context)


def test_progress_is_told_up_to_the_end(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", DATA)
    told: list[tuple[str, int, int | None]] = []
    fetch(want(), replace(context, tell=lambda *progress: told.append(progress)))
    assert told[-1] == ("photos.zip", len(DATA), len(DATA))


@pytest.mark.parametrize("size", [10, len(DATA)])
def test_the_end_of_a_file_is_told_once_and_where_it_began(
    server: Any, want: Any, context: SourceContext, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(module, "_TELL_EVERY_SECONDS", 0)
    server.add("/photos.zip", DATA[:size]).faults = [server.cut(CHUNK + 1)] if size > CHUNK else []
    told: list[Any] = []
    fetch(want(), replace(context, tell=lambda *progress: told.append(progress)))
    sizes = [done for _, done, _ in told]
    assert (sizes[0], sizes[-1], sizes.count(size)) == (0, size, 1)
    assert sizes == sorted(sizes)
