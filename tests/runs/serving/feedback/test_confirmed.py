"""runs.serving.feedback.confirmed: what a person confirmed becomes a source, and nothing else of a log ever does."""

import csv
from pathlib import Path

import pytest
from loops import Loop

from evergreen.decisions.decision import Decision
from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from runs.serving.feedback.confirmed import Confirmed
from runs.serving.feedback.log import Log, alone


def _learned(loop: Loop, recipe: Recipe | None = None) -> dict[str, str]:
    """Return SHA-256 -> label of all that a run would train on or be judged by."""
    table = loop.run(recipe).table("split")
    return dict(zip(table["sha256"], table["label"], strict=True))


def test_what_nobody_confirmed_never_reaches_a_dataset_whatever_folder_is_named(loop: Loop) -> None:
    """The way of poison: answers, truths and their pictures lie there, and a recipe names every folder above them."""
    ours = {digest for digest, _ in _learned(loop, load_recipe(loop.file, (), [str(loop.photos)])).items()}
    poison = loop.answered(*range(100, 110))
    for digest in poison:
        loop.say(digest, "blue", "Mallory")
        loop.say(digest, "grue", "Mallory", new_class=True)
    for folder in (loop.confirmed.folder, loop.log.folder, loop.log.root):
        found = _learned(loop, loop.name(folder))
        assert set(found) == ours
        assert set(found.values()) == {"red", "green", "blue"}
    loop.confirm(poison[0], "red", "grue")
    found = _learned(loop, loop.name(loop.confirmed.folder))
    assert set(found) - ours == {poison[0]}
    assert found[poison[0]] == "red"
    above = _learned(
        loop, load_recipe(loop.file, (), [str(loop.photos), str(loop.confirmed.folder), str(loop.log.root)])
    )
    assert set(above) - ours == {poison[0]}


def test_it_says_which_share_of_the_training_images_is_confirmed(loop: Loop) -> None:
    from runs.summaries.labels import images_by_source

    for digest in loop.answered(*range(100, 110)):
        loop.confirm(digest, "red")
    outputs = loop.run().outputs
    found = images_by_source(loop.store, outputs)
    assert found
    told = {one["name"]: one for one in found}
    since = told[f"local:{loop.confirmed.folder}"]
    assert sum(one["train"] for one in told.values()) * since["share"] == pytest.approx(since["train"], abs=1e-3)
    assert sum(one["share"] for one in told.values()) == pytest.approx(1, abs=1e-5)
    assert 0 < since["share"] < 0.5


def test_the_table_says_where_each_picture_came_from(loop: Loop) -> None:
    said, unsure, left = loop.answered(1, 2, 3, at=0)
    loop.say(said, "red", "=cmd|'/C calc'!A0")
    loop.say(said, "green", "Bo")
    loop.confirmed.set(said, Decision("keep", "", "red", "x", "Anna", "2026-12-01T04:00:00Z"))
    loop.confirm(unsure, "red")
    loop.confirmed.set(left, Decision("leave out", "", "", "x", "Anna", "2026-12-01T04:00:00Z"))
    rows = loop.confirmed.rows()
    row = rows[said]
    assert (row.label, row.source, row.said, row.said_by) == ("red", "feedback", "red", "=cmd|'/C calc'!A0")
    assert (row.answered, row.release, row.confirmed_by) == ("blue", "a" * 64, "Anna")
    assert row.confirmed_when == "2026-12-01T04:00:00Z"
    assert row.file == f"red/{said}.png"
    assert (rows[unsure].source, rows[unsure].said, rows[unsure].answered) == ("log", "", "blue")
    assert (rows[left].label, rows[left].file, rows[left].decision) == ("", "", "leave out")
    with loop.confirmed.path.open(newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
    assert {path.name for path in loop.confirmed.files()} == {f"{said}.png", f"{unsure}.png"}


def test_another_decision_moves_the_picture_and_none_takes_it_out(loop: Loop) -> None:
    (digest,) = loop.answered(1)
    before = Decision("relabel", "red", "", f"{digest[:16]}...", "Anna", "2026-12-01T04:00:00Z")
    assert loop.confirmed.set(digest, before) == (True, None)
    assert loop.confirmed.set(digest, Decision("relabel", "blue", ""), lambda now: now != before) == (False, before)
    assert loop.confirmed.set(digest, Decision("relabel", "blue", ""), lambda now: now == before) == (True, before)
    assert [path.relative_to(loop.confirmed.folder) for path in loop.confirmed.files()] == [Path(f"blue/{digest}.png")]
    loop.log.picture(digest).unlink()  # the log has thrown it away meanwhile
    loop.confirm(digest, "green")
    assert [path.parent.name for path in loop.confirmed.files()] == ["green"]
    assert loop.confirmed.set(digest, None)[0]
    assert (list(loop.confirmed.files()), loop.confirmed.rows()) == ([], {})
    with pytest.raises(BadInput, match="is not kept"):
        loop.confirm(digest, "green")


@pytest.mark.parametrize(
    "label",
    [
        "../../evil",
        "/etc",
        ".hidden",
        "..",
        "@eaDir",
        "a\0b",
        "x" * 256,
        "test",
        "Train",
        "unlabelled",
        "__MACOSX",
        "a/b",
    ],
)
def test_what_no_folder_can_stand_for_is_refused_and_nothing_is_written(loop: Loop, label: str) -> None:
    (digest,) = loop.answered(1)
    before = sorted(path for path in loop.store.root.parent.rglob("*"))
    with pytest.raises(BadInput, match="expected a class that can be the name of a folder"):
        loop.confirm(digest, label)
    assert sorted(path for path in loop.store.root.parent.rglob("*")) == before
    assert loop.confirmed.rows() == {}


def test_names_of_any_letters_are_classes_and_a_declared_one_may_be_called_test(loop: Loop) -> None:
    labels = ["<script>alert(1)</script>"[:8], "|", "né è", "语言", "a\nb", "con", "'quoted'", "=1+1"]
    digests = loop.answered(*range(len(labels)))
    for digest, label in zip(digests, labels, strict=True):
        loop.confirm(digest, label)
    rows = loop.confirmed.rows()
    assert [rows[digest].label for digest in digests] == labels
    assert {path.parent.name for path in loop.confirmed.files()} == set(labels)
    declared = Confirmed(loop.log, ("test", "red"))
    assert declared.why_no_folder("test") == ""


def test_a_table_that_is_none_is_refused_and_stays(loop: Loop) -> None:
    with alone(loop.log.root):
        loop.log.put("a" * 64, b"x")
    loop.confirmed.path.write_text("mine\n1\n")
    with pytest.raises(BadInput, match="expected the columns sha256, decision"):
        loop.confirm(loop.answered(1)[0], "red")
    assert loop.confirmed.path.read_text() == "mine\n1\n"
    loop.confirmed.path.write_bytes(b"\xff")
    with pytest.raises(BadInput, match="cannot be read"):
        loop.confirmed.rows()
    assert Log(loop.log.root, "colours").is_there
