"""runs.serving.feedback.files: lines, whoever was cut off while he wrote them."""

from pathlib import Path

from kept_answers import digest

from runs.serving.feedback.files import drop_first, drop_naming
from runs.serving.feedback.log import Log

LINE = {"time": "2026-12-01T04:00:00.000+00:00", "sha256": digest(b"a"), "label": "cat"}


def test_a_torn_line_is_passed_over_and_the_next_one_stands_for_itself(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    log.append("truths", [LINE], "2026-12-01")
    (path,) = log.days("truths")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-9])
    assert list(log.lines("truths")) == [LINE]
    log.append("truths", [{**LINE, "label": "dog"}], "2026-12-01")
    assert [line["label"] for line in log.lines("truths")] == ["cat", "dog"]
    assert log.last("truths", digest(b"a")) == {**LINE, "label": "dog"}
    assert log.last("truths", digest(b"b")) is None


def test_what_is_no_line_of_ours_is_passed_over(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    log.append("answers", [LINE], "2026-12-01")
    (path,) = log.days("answers")
    strange = [b"[1]\n", b'{"sha256": 3, "time": ""}\n', b"\xff\n", b"[" * 100_000 + b"\n", b'{"time": "x"}\n']
    path.write_bytes(b"".join(strange) + path.read_bytes())
    path.with_name("notes.jsonl").write_text('{"time": "x", "sha256": "y"}\n')
    assert list(log.lines("answers")) == [LINE]


def test_lines_are_left_out_as_one(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    log.append("truths", [LINE, {**LINE, "sha256": digest(b"b")}], "2026-12-01")
    (path,) = log.days("truths")
    size = path.stat().st_size
    assert drop_first(path, lambda _: True) == (0, 0)
    assert drop_naming(path, digest(b"c")) == 0
    assert path.stat().st_size == size
    assert drop_first(path, lambda line: digest(b"b").encode() in line) == (1, size // 2)
    assert [line["sha256"] for line in log.lines("truths")] == [digest(b"b")]
    assert drop_naming(path, digest(b"b")) == 1
    assert log.days("truths") == []
    log.append("truths", [LINE, {**LINE, "sha256": digest(b"b")}, LINE], "2026-12-01")
    assert drop_naming(path, digest(b"a")) == 2
    assert [line["sha256"] for line in log.lines("truths")] == [digest(b"b")]
    assert drop_first(path, lambda _: False) == (1, size // 2)
    assert log.days("truths") == []
