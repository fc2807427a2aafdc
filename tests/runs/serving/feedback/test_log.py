"""runs.serving.feedback.log: which file is whose, and how what is in it is found again."""

from pathlib import Path

import pytest
from kept_answers import digest

from evergreen.errors import BadInput
from runs.serving.feedback.log import Log, alone, log_at, log_root, logs_in
from storage.store import Store

LINE = {"time": "2026-12-01T04:00:00.000+00:00", "sha256": digest(b"a"), "label": "cat"}


def test_the_newest_line_about_an_image_is_found_over_days(tmp_path: Path) -> None:
    log = Log(tmp_path, "pets")
    for day in ("2026-12-01", "2026-12-03", "2026-12-02"):
        log.append("answers", [{**LINE, "day": day}], day)
    found = log.last("answers", digest(b"a"))
    assert found is not None
    assert found["day"] == "2026-12-03"


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
