"""runs.serving.feedback.room: the cap and the age of a log; the oldest goes, and is counted."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kept_answers import asked, digest

from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log, stamp
from runs.serving.feedback.room import make_room, thrown_away

NOW = datetime(2026, 12, 10, 12, tzinfo=UTC)


def _picture(log: Log, data: bytes, days: float) -> None:
    log.put(digest(data), data)
    when = (NOW - timedelta(days=days)).timestamp()
    os.utime(log.picture(digest(data)), (when, when))


def _answers(log: Log, days: float, count: int = 10) -> None:
    time = NOW - timedelta(days=days)
    lines = [
        {"time": stamp(time + timedelta(minutes=at)), "sha256": digest(b"%d" % at), "at": at} for at in range(count)
    ]
    log.append("answers", lines, f"{time:%Y-%m-%d}")
    os.utime(log.days("answers")[-1], (time.timestamp(), time.timestamp()))


def test_what_is_older_than_it_may_get_goes_to_the_line(tmp_path: Path) -> None:
    log, other = Log(tmp_path, "pets"), Log(tmp_path, "plants")
    _answers(log, 5)
    _answers(log, 3)
    for name, days in ((b"old", 3.1), (b"new", 2.9)):
        _picture(log, name, days)
        _picture(other, name, days)
    thrown, left = make_room(tmp_path, 2**20, 3 - 5 / 24 / 60, time=NOW)
    assert (thrown.answers, thrown.truths, thrown.pictures) == (15, 0, 2)
    assert [line["at"] for line in log.lines("answers")] == [5, 6, 7, 8, 9]
    assert {path.name for path in log.pictures()} == {digest(b"new")}
    assert left == log.days("answers")[0].stat().st_size + 2 * 3
    told = thrown_away(log)
    assert told is not None
    assert (told["answers"], told["pictures"], told["first"]) == (15, 1, stamp(NOW))
    again, _ = make_room(tmp_path, 2**20, 1, time=NOW)
    told = thrown_away(log)
    assert told is not None
    assert (again.answers, told["answers"], told["pictures"]) == (5, 20, 2)
    assert log.days("answers") == []


def test_of_what_is_too_much_the_oldest_goes_first_pictures_and_lines_alike(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    for at in range(10):
        _picture(log, b"%d" % at * 1000, 9 - at)
    _answers(log, 9.5, 100)
    before = log.days("answers")[0].stat().st_size
    thrown, left = make_room(tmp_path, before + 9000, 30, time=NOW)
    assert left <= before + 9000
    assert thrown.pictures == 0  # the lines were older, and a part of them was enough
    assert 0 < thrown.answers < 100
    assert [line["at"] for line in log.lines("answers")][-1] == 99
    thrown, left = make_room(tmp_path, 5000, 30, need=2000, time=NOW)
    assert left <= 3000
    assert {path.name for path in log.pictures()} <= {digest(b"%d" % at * 1000) for at in (7, 8, 9)}
    assert log.days("answers") == []


def test_what_somebody_left_who_was_cut_off_goes(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    _picture(log, b"x", 1)
    part = log.picture(digest(b"x")).with_suffix(".part")
    part.write_bytes(b"half a picture")
    make_room(tmp_path, 2**20, 30, time=NOW)
    assert not part.exists()
    assert log.picture(digest(b"x")).exists()


def test_a_service_keeps_to_its_cap_while_it_runs_and_looks_when_it_starts(tmp_path: Path) -> None:
    said: list[str] = []
    keeper = Keeper(tmp_path, said.append, share=1.0, pictures=True, cap=2**20, clock=lambda: NOW)
    for at in range(40):
        keeper.hear(asked(bytes(50_000) + b"%d" % at))
    keeper.close()
    log = Log(tmp_path, "pets")
    taken = sum(path.stat().st_size for path in (*log.pictures(), *log.days("answers")))
    assert 2**19 < taken <= 2**20
    assert keeper.counters.thrown_away > 0
    assert said[0].startswith(f"thrown away from {tmp_path}, the oldest: ")
    (path,) = log.days("answers")
    path.unlink()
    later = Keeper(tmp_path, days=1, clock=lambda: datetime.now(UTC) + timedelta(days=2))
    later.close()
    assert list(log.pictures()) == []
    assert later.counters.thrown_away > 10
    huge = Keeper(tmp_path, share=1.0, pictures=True, cap=2**20)
    huge.hear(asked(bytes(600_000)))
    huge.close()
    assert (list(log.pictures()), huge.counters.kept) == ([], 1)  # one picture shall not throw away all others
