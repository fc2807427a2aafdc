"""runs.serving.feedback.truths: what is said of an answer, by whom, and when it is too much."""

from pathlib import Path

import pytest
from kept_answers import CLASSES, asked, digest

from evergreen.errors import BadInput
from runs.serving.feedback import truths as module
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log
from runs.serving.feedback.truths import NoRoom, NotKept, Truth, give, latest, truths_of

X = digest(b"x")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    keeper = Keeper(tmp_path, share=1.0)
    keeper.hear(asked(b"x"))
    keeper.close()
    return keeper


def _log(keeper: Keeper) -> Log:
    return Log(keeper.root, "pets")


def test_a_truth_stands_beside_the_answer_and_a_later_one_counts_both_stay(keeper: Keeper) -> None:
    first, new = give(keeper, "pets", X, "dog", CLASSES, "Anna")
    assert new
    assert (first.label, first.answered, first.release, first.new_class) == ("dog", ("cat", 0.9), "a" * 64, False)
    assert give(keeper, "pets", X, "dog", CLASSES, "Anna") == (first, False)
    give(keeper, "pets", X, "cat", CLASSES, "Bo")
    assert [(truth.label, truth.by) for truth in truths_of(_log(keeper))] == [("dog", "Anna"), ("cat", "Bo")]
    assert latest(_log(keeper))[X].by == "Bo"
    assert keeper.counters.truths == 2
    assert give(keeper, "pets", X, "dog", CLASSES, "Anna")[1]  # he says so again, and counts again


def test_of_what_was_not_answered_or_is_gone_nothing_is_said(keeper: Keeper) -> None:
    for recipe, known in (("pets", digest(b"y")), ("plants", X)):
        with pytest.raises(NotKept, match="only a share of the answers is, and those for a time"):
            give(keeper, recipe, known, "dog", CLASSES)
    _log(keeper).days("answers")[0].unlink()
    with pytest.raises(NotKept):
        give(keeper, "pets", X, "dog", CLASSES)
    assert list(truths_of(_log(keeper))) == []


def test_a_label_is_a_class_or_is_said_to_be_a_new_one(keeper: Keeper) -> None:
    with pytest.raises(
        BadInput, match=r"received 'dgo'; did you mean 'dog'\? If it is a class that the model does not"
    ):
        give(keeper, "pets", X, "dgo", CLASSES)
    with pytest.raises(BadInput, match=r"received 'zebra'\. If it is"):
        give(keeper, "pets", X, "zebra", CLASSES)
    assert give(keeper, "pets", X, "zebra", CLASSES, new_class=True)[0].new_class
    assert not give(keeper, "pets", X, "dog", CLASSES, new_class=True)[0].new_class


@pytest.mark.parametrize(
    "label", ["", " cat", "a\nb", "x" * 201, "../up", "a/b", ".hidden", "@x", "\x1b[31m", "a\u202eb"]
)
def test_a_new_class_that_could_be_none_is_refused(keeper: Keeper, label: str) -> None:
    with pytest.raises(BadInput, match="expected the name of a class"):
        give(keeper, "pets", X, label, CLASSES, new_class=True)


def test_a_class_of_the_model_may_have_any_name(keeper: Keeper) -> None:
    for label in ("<script>", "a\nb", "|", "x" * 300):
        assert give(keeper, "pets", X, label, (label,))[0].label == label
    assert [truth.label for truth in truths_of(_log(keeper))] == ["<script>", "a\nb", "|", "x" * 300]


def test_neither_names_nor_digests_nor_recipes_are_anything(keeper: Keeper) -> None:
    with pytest.raises(BadInput, match="by: expected up to 100 letters"):
        give(keeper, "pets", X, "dog", CLASSES, "x" * 101)
    with pytest.raises(BadInput, match="expected a SHA-256"):
        give(keeper, "pets", "../../etc/passwd", "dog", CLASSES)
    with pytest.raises(BadInput, match="expected a recipe's name"):
        give(keeper, "../pets", X, "dog", CLASSES)


def test_too_many_truths_are_refused(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", 3)
    for at in range(3):
        give(keeper, "pets", X, "dog", CLASSES, str(at))
    with pytest.raises(NoRoom, match="about this image"):
        give(keeper, "pets", X, "cat", CLASSES)
    monkeypatch.setattr(module, "MOST_OF_ONE", 100)
    monkeypatch.setattr(module, "_SHARE", 1e-9)
    with pytest.raises(NoRoom, match="as many truths"):
        give(keeper, "pets", X, "cat", CLASSES)


def test_a_line_that_is_no_truth_is_none() -> None:
    line = {"time": "t", "sha256": X}
    assert Truth.of(line) is None
    assert Truth.of({**line, "label": 3}) is None
    assert Truth.of({**line, "label": "a", "answered": ["b"], "new_class": "yes"}) == Truth(X, "a", time="t")
