"""runs.serving.feedback.asking: which pictures of a log a person is asked about, and what he sees beside them."""

import pytest
from loops import Loop

from evergreen.decisions.decision import Decision
from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from runs.serving.feedback.asking import is_a_source, sitting, sources_with, told
from runs.serving.feedback.log import Log


def test_what_was_said_stands_beside_what_was_answered_those_first_that_differ(loop: Loop) -> None:
    same, other, quiet, gone = loop.answered(1, 2, 3, 4)
    loop.say(same, "red", "Anna")
    loop.say(other, "blue", "<script>")
    loop.say(gone, "blue")
    loop.log.picture(gone).unlink()
    session = sitting(loop.recipe, loop.kept, [*loop.kept.said(), *loop.kept.unsure(9)], loop.store, "Bo")
    assert [one.sha256 for one in session.questions] == [other, same]
    asked = session.questions[0]
    assert (asked.labels, asked.suggested, asked.confidence, asked.kinds) == (("blue",), "red", 0.9, ("said",))
    assert asked.as_json()["heading"] == "Somebody says what it is"
    (reason,) = asked.reasons
    assert reason.startswith("the model answered red (90%) or ")
    assert "(release aaaaaaaaaaaa, tflite-int8); <script> said blue on 20" in reason
    assert session.classes == ["blue", "green", "red"]
    session.decide(other, "relabel", "red")
    session.decide(same, "keep")
    assert {row.label for row in loop.confirmed.rows().values()} == {"red"}
    session.undo(other)
    session.undo(same)
    assert (loop.confirmed.rows(), list(loop.confirmed.files())) == ({}, [])
    assert quiet not in session.state()["questions"]


def test_unsure_answers_are_asked_about_the_least_sure_first_until_they_are_decided(loop: Loop) -> None:
    (more,), (less,), (sure,) = loop.answered(1, sure=0.55), loop.answered(2, sure=0.4), loop.answered(3)
    rows = loop.kept.unsure(9)
    assert [row["sha256"] for row in rows] == [less, more]
    assert [row["sha256"] for row in loop.kept.unsure(1)] == [less]
    session = sitting(loop.recipe, loop.kept, rows, loop.store, "Bo")
    session.decide(less, "relabel", "green")
    session.decide(more, "keep")  # it shall have no label
    assert loop.kept.unsure(9) == []
    assert [path.parent.name for path in loop.confirmed.files()] == ["green"]
    assert loop.kept.free() == [sure]


def test_another_truth_about_a_picture_that_was_kept_as_it_was_is_asked_about(loop: Loop) -> None:
    (digest,) = loop.answered(1)
    loop.say(digest, "red")

    def asked() -> list[str]:
        return [one.sha256 for one in sitting(loop.recipe, loop.kept, loop.kept.said(), loop.store, "Bo").questions]

    sitting(loop.recipe, loop.kept, loop.kept.said(), loop.store, "Bo").decide(digest, "keep")
    assert asked() == []
    loop.say(digest, "blue")
    assert asked() == [digest]
    loop.confirm(digest, "red", "blue")
    assert asked() == []


def test_a_class_that_was_said_to_be_new_can_be_chosen_if_a_folder_can_be_called_so(loop: Loop) -> None:
    one, two = loop.answered(1, 2)
    loop.say(one, "grue", new_class=True)
    loop.say(two, "test", new_class=True)
    session = sitting(loop.recipe, loop.kept, loop.kept.said(), loop.store, "Bo")
    assert session.classes == ["blue", "green", "red", "grue"]
    with pytest.raises(BadInput, match="a folder of this name stands for a subset"):
        session.decide(two, "keep")
    session.decide(one, "keep")
    assert [path.parent.name for path in loop.confirmed.files()] == ["grue"]


def test_what_is_kept_is_told_and_how_it_becomes_a_source(loop: Loop) -> None:
    one, two, *_ = loop.answered(1, 2, 3)
    loop.say(one, "red", "Anna")
    loop.say(two, "blue")
    loop.confirm(one, "red", "red")
    found = told(loop.kept, loop.recipe)
    assert (found["answers"], found["images"], found["pictures"], found["unsure"]) == (3, 3, 3, 0)
    assert found["releases"] == {"a" * 64: 3}
    truths = found["truths"]
    assert (truths["images"], truths["agree"], truths["compared"], truths["waiting"]) == (2, 1, 2, 1)
    assert truths["said"][0]["answered"] == {"label": "red", "probability": 0.9}
    assert found["confirmed"]["classes"] == {"red": 1}
    assert found["confirmed"]["is_a_source"]
    alone = load_recipe(loop.file, (), [str(loop.photos)])
    assert not is_a_source(alone, loop.kept)
    added = load_recipe(loop.file, [sources_with(alone, loop.kept)])
    assert is_a_source(added, loop.kept)
    assert len(added.source) == 2  # type: ignore[arg-type]


def test_a_log_that_is_not_there_is_said(loop: Loop) -> None:
    with pytest.raises(BadInput, match=r"expected answers of colours in .*, found none: evergreen serve colours --log"):
        type(loop.kept).of(Log(loop.store.root / "nowhere", "colours"), loop.recipe) if loop.answered(1) else None


def test_strange_lines_are_asked_about_without_what_they_lack(loop: Loop) -> None:
    (digest,) = loop.answered(1, sure=0.4)
    line = {"time": "t", "sha256": digest, "unsure": True, "top": [["red"], 3, ["green", "x"]]}
    loop.log.append("answers", [line], "2026-12-09")
    (row,) = loop.kept.unsure(5)
    assert (row["suggested"], row["confidence"], row["reason"]) == ("", "", "")
    session = sitting(loop.recipe, loop.kept, [row], loop.store, "Bo")
    session.decide(digest, "relabel", "red")
    assert loop.confirmed.read().made[digest] == Decision(
        "relabel", "red", "", session.questions[0].path, "Bo", loop.confirmed.rows()[digest].confirmed_when
    )
