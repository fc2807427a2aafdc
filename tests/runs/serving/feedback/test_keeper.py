"""runs.serving.feedback.keeper: what is kept of answers, and that keeping them stops nobody."""

import asyncio
import json
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from kept_answers import asked, digest, release

from evergreen.errors import BadInput
from runs.serving.feedback import keeper as keeping
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log, alone


def _keeper(root: Path, **settings: Any) -> Keeper:
    return Keeper(root, share=settings.pop("share", 1.0), **settings)


def test_an_answer_is_kept_with_all_that_tells_what_it_was(tmp_path: Path) -> None:
    name = "<script>|\n\u2028 é"
    keeper = _keeper(tmp_path / "log", pictures=True)
    asyncio.run(keeper.heard(asked(b"one", of=release(("cat", name)), at=1, time="2026-12-01T04:00:00.000+00:00")))
    keeper.close()
    log = Log(tmp_path / "log", "pets")
    (line,) = log.lines("answers")
    assert line == {
        "time": "2026-12-01T04:00:00.000+00:00", "sha256": digest(b"one"), "recipe": "pets", "release": "a" * 64,
        "model": "b" * 64, "run": "run-1", "format": "tflite-int8", "canary": False, "unsure": False, "drawn": True,
        "picture": True, "classes": 2, "top": [[name, 0.9], ["cat", 0.1]],
    }  # fmt: skip
    assert log.read(digest(b"one")) == b"one"
    assert len(log.days("answers")[0].read_bytes().splitlines()) == 1
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "log").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "log").rglob("*") if path.is_dir()} == {0o700}
    counted = keeper.counters.as_json()
    assert counted == {**dict.fromkeys(counted, 0), "kept": 1, "pictures": 1}


def test_of_many_classes_the_likeliest_are_written(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path)
    keeper.hear(asked(b"x", of=release([f"class {at}" for at in range(1000)]), sure=0.5, at=700))
    keeper.close()
    (line,) = Log(tmp_path, "pets").lines("answers")
    assert (len(line["top"]), line["classes"], line["top"][0]) == (20, 1000, ["class 700", 0.5])


def test_a_share_is_drawn_and_the_unsure_are_kept_whatever_was_drawn(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, share=0.25)
    for at in range(400):
        keeper.hear(asked(b"sure %d" % at))
    keeper.hear(asked(b"unsure", sure=0.6))
    keeper.hear(asked(b"nobody can say", sure=0.6, of=release(threshold=None)))
    keeper.hear(asked(b"bad", error="no image"))
    keeper.close()
    lines = {line["sha256"]: line for line in Log(tmp_path, "pets").lines("answers")}
    assert 50 < sum(line["drawn"] for line in lines.values()) < 160  # of 402: 8 standard deviations
    assert lines[digest(b"unsure")]["unsure"] is True
    assert digest(b"bad") not in lines
    assert keeper.counters.kept + keeper.counters.passed_over == 402
    none = _keeper(tmp_path / "none", share=0.0)
    none.hear(asked(b"x"))
    none.hear(asked(b"y", sure=0.5))
    none.close()
    (line,) = Log(tmp_path / "none", "pets").lines("answers")
    assert (line["sha256"], line["drawn"], line["picture"]) == (digest(b"y"), False, False)
    assert not list(Log(tmp_path / "none", "pets").pictures())  # nobody allowed them


def test_bytes_that_are_not_of_their_digest_are_not_kept(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, pictures=True)
    heard = asked(b"x")
    keeper.hear(type(heard)(heard.answers, [b"y"], ""))
    keeper.close()
    assert not list(Log(tmp_path, "pets").pictures())


def test_what_cannot_be_written_in_time_is_dropped_and_counted_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_MOST_WAITING", 5)
    keeper = _keeper(tmp_path, pictures=True)
    with alone(tmp_path):  # somebody else writes, for as long as he likes
        for at in range(50):
            keeper.hear(asked(b"%d" % at))
        assert keeper.counters.dropped >= 50 - 5 - 1
    keeper.close()
    assert keeper.counters.kept + keeper.counters.dropped == 50
    monkeypatch.setattr(keeping, "_MOST_WAITING_BYTES", 10_000)
    small = _keeper(tmp_path / "small", pictures=True)
    small.hear(asked(b"x" * 20_000))
    small.close()
    assert (small.counters.dropped, small.counters.kept) == (1, 0)


def test_a_disk_that_refuses_is_said_once_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    keeper = Keeper(tmp_path, said.append, share=1.0)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    append = Log.append
    monkeypatch.setattr(Log, "append", full)
    for at in range(3):
        keeper.hear(asked(b"%d" % at))
        while keeper.counters.failed < at + 1:
            threading.Event().wait(0.01)
    monkeypatch.setattr(Log, "append", append)
    keeper.hear(asked(b"again"))
    keeper.close()
    assert said == [f"answers cannot be kept in {tmp_path}: No space left on device"]
    assert (keeper.counters.failed, keeper.counters.kept) == (3, 1)


def test_a_folder_or_a_value_that_makes_no_sense_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="choose another --log"):
        Keeper(tmp_path / "file" / "log")
    for settings in ({"share": 1.1}, {"cap": 100}, {"days": 0}):
        with pytest.raises(BadInput, match="a share of 0 to 1"):
            Keeper(tmp_path, **settings)  # type: ignore[arg-type]


def test_two_services_keep_in_one_folder(tmp_path: Path) -> None:
    """In two processes: no line is torn or lost, and the cap is that of both together."""
    code = f"""
import sys; sys.path[:0] = {sys.path!r}
from pathlib import Path
from kept_answers import asked
from runs.serving.feedback.keeper import Keeper
keeper = Keeper(Path({str(tmp_path)!r}), share=1.0, pictures=True, cap=2**20)
for at in range(150):
    keeper.hear(asked(bytes(8000) + b"%d" % at + sys.argv[1].encode()))
keeper.close()
assert keeper.counters.kept == 150, keeper.counters
"""
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]
    assert [process.wait(120) for process in running] == [0, 0]
    log = Log(tmp_path, "pets")
    text = b"".join(path.read_bytes() for path in log.days("answers"))
    assert all(json.loads(line) for line in text.splitlines())
    taken = len(text) + sum(path.stat().st_size for path in log.pictures())
    assert taken <= 2**20
    assert taken > 2**19
    assert int((tmp_path / ".taken").read_bytes()) == taken
    gone = json.loads(log.thrown_away.read_bytes())
    assert gone["pictures"] + len(list(log.pictures())) == 300


def test_a_truth_waits_for_the_answer_that_it_is_about(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path)
    with alone(tmp_path):
        keeper.hear(asked(b"x"))
        waiting = threading.Thread(target=keeper.settled, args=(digest(b"x"),))
        waiting.start()
    waiting.join()
    assert Log(tmp_path, "pets").last("answers", digest(b"x"))
    keeper.settled(digest(b"never heard of"))
    keeper.close()


def test_keeping_starts_neither_pandas_nor_tensorflow_nor_prefect() -> None:
    code = (
        "import sys\n"
        "import runs.serving.feedback.keeper, runs.serving.feedback.routes, runs.serving.feedback.counts\n"
        "print([name for name in ('prefect', 'tensorflow', 'keras', 'pandas', 'sklearn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
