"""evergreen.datasets.labelling.doubt: a question shows the tree, each reading with its counts, and the line for it."""

import yaml

from evergreen.datasets.labelling.doubt import Doubt, Reading, question, value_text


def test_a_question_shows_everything_that_is_needed_to_answer() -> None:
    readings = [
        Reading("one way", {"level": "first"}),
        Reading("the same line again", {"level": "first"}),
        Reading("another", {"leave_out": ["a b", "it's"]}),
        Reading("a third", {"pattern": r"(?P<label>\w+)"}, "labels"),
        Reading("nothing", {"level": 9}),
    ]
    counts = {"one way": {"cat": 1200, "dog": 1}, "another": {}, "a third": {f"c{n}": 1 for n in range(20)}}
    text = str(
        question(
            Doubt("found", readings, "advice"), "cat/  3\n  x/  1", lambda one: counts.get(one.words, "asks further")
        )
    )
    assert text.startswith("found\n\nFound (folder, images):\n  cat/  3\n    x/  1\n")
    assert "1. one way: cat 1,200, dog 1\n       in the recipe:  repair.level: first" in text
    assert "the same line again" not in text
    assert """--set 'repair.leave_out=["a b", "it'"'"'s"]'""" in text
    assert "2. another: no labelled image" in text
    assert "and 8 more classes" in text or "and 8 more" in text
    assert "4. nothing: asks further\n" in text
    assert "4. " not in str(question(Doubt("found", readings), "", lambda one: counts.get(one.words)))


def test_values_are_yaml_in_one_line() -> None:
    for value in ("first", 2, ["no", "001", "a: b", "é"], {"a/b": "c d"}, r"\d+", "yes"):
        assert yaml.safe_load(value_text(value)) == value
        assert "\n" not in value_text(value)
