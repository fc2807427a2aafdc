"""runs.serving.feedback.log: lines and pictures, whoever was cut off while he wrote them."""

from pathlib import Path

import pytest
from kept_answers import digest

from evergreen.errors import BadInput
from runs.serving.feedback.log import Log, alone, log_at, log_root, logs_in, rewritten
from storage.store import Store

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


def test_the_newest_line_about_an_image_is_found_over_days(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    for day in ("2026-12-01", "2026-12-03", "2026-12-02"):
        log.append("answers", [{**LINE, "day": day}], day)
    found = log.last("answers", digest(b"a"))
    assert found is not None
    assert found["day"] == "2026-12-03"


def test_lines_are_left_out_as_one(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    log.append("truths", [LINE, {**LINE, "sha256": digest(b"b")}], "2026-12-01")
    (path,) = log.days("truths")
    size = path.stat().st_size
    assert rewritten(path, lambda _: True) == (0, 0)
    assert rewritten(path, lambda line: line["sha256"] != digest(b"a")) == (1, size // 2)
    assert [line["sha256"] for line in log.lines("truths")] == [digest(b"b")]
    assert rewritten(path, lambda _: False)[0] == 1
    assert log.days("truths") == []


def test_a_picture_lies_by_its_digest_and_by_nothing_that_somebody_sent(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    assert log.put(digest(b"a"), b"a") == 1
    assert log.put(digest(b"a"), b"a") == 0
    assert log.read(digest(b"a")) == b"a"
    for name in ("../../etc/passwd", "A" * 64, digest(b"a")[:63], ""):
        with pytest.raises(BadInput, match="expected a SHA-256"):
            log.picture(name)
    log.picture(digest(b"a")).write_bytes(b"b")
    with pytest.raises(BadInput, match="was altered after it was kept"):
        log.read(digest(b"a"))
    with pytest.raises(BadInput, match="is not kept"):
        log.read(digest(b"c"))
    for recipe in ("../x", "", "a/b", ".log"):
        with pytest.raises(BadInput, match="expected a recipe's name"):
            Log(tmp_path, recipe)


def test_a_log_is_found_by_its_root_its_recipe_and_its_hidden_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    root = log_root("store", store)
    assert root == store.root / "feedback"
    assert log_root(str(tmp_path / "x"), store) == tmp_path / "x"
    assert logs_in(root) == []
    log = Log(root, "pets")
    with alone(root):
        log.append("answers", [LINE], "2026-12-01")
    assert logs_in(root) == [log]
    assert [log_at(path, "pets") for path in (root, root / "pets", root / "pets" / ".log")] == [log, log, log]
    assert log_at(root, "other") is None
    assert log_at(root / "pets", "other") == log
    assert log_at(tmp_path, "pets") is None
