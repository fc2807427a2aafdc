"""evergreen.vision.formats.quantizing.attempts: which attempt is exported, and what is said of it."""

from dataclasses import replace

import pytest

from evergreen.vision.formats.quantizing.attempts import Attempt, Repair, best

FIRST = Attempt("ranges of 200 training images", 200, (), 4000, 0.984, 0.91, 0.002, passed=False, median_ms=2.5)
BETTER = replace(FIRST, how="ranges of 1,000 training images", representative_images=1000, agreement=0.988)
GOOD = replace(FIRST, how="2 operations in float32", in_float=("a", "b"), bytes=5000, agreement=0.992, passed=True)
REFUSED = replace(FIRST, agreement=None, accuracy=None, accuracy_lost=None, reason="tflite ended with code -6:")
REPAIR = Repair("validation", 378, 0.99, 0.005, (FIRST, BETTER, GOOD), taken=2)


@pytest.mark.parametrize(
    ("tried", "taken"),
    [
        ([FIRST], 0),
        ([FIRST, BETTER, GOOD, replace(GOOD, agreement=0.999)], 2),  # the first that passes, not the best of all
        ([FIRST, BETTER], 1),
        ([BETTER, FIRST], 0),
        ([FIRST, replace(FIRST, accuracy_lost=0.001)], 0),  # chance
        ([replace(BETTER, accuracy_lost=0.02), FIRST], 1),  # loses more than it may
        ([replace(BETTER, accuracy_lost=0.02), FIRST, REFUSED], 1),
        ([FIRST, replace(FIRST, bytes=3999)], 1),
        ([FIRST, FIRST], 0),
        ([REFUSED, FIRST], 1),
        ([REFUSED, REFUSED], 0),
    ],
)
def test_the_first_that_reaches_the_bar_is_exported_else_the_one_that_agrees_most(
    tried: list[Attempt], taken: int
) -> None:
    assert best(tried, 0.005) == taken


@pytest.mark.parametrize(
    ("repair", "words"),
    [
        (
            REPAIR,
            "int8 was repaired by 2 operations in float32: agreement 99.20% of 378 validation images, before "
            "agreement 98.40%",
        ),
        (
            replace(REPAIR, tried=(replace(FIRST, agreement=0.995, passed=True),), taken=0),
            "int8 as the recipe asks for it: agreement 99.50% of 378 validation images",
        ),
        (
            replace(REPAIR, tried=(FIRST, BETTER), taken=1, cut=True),
            "int8 was repaired by ranges of 1,000 training images: agreement 98.80% of 378 validation images, before "
            "agreement 98.40%; that is below the bar of 99.0% and at most 0.5% of accuracy lost, the best of 2 that "
            "were tried; the time of export.int8.minutes ended the search, so that another machine may find another",
        ),
        (
            replace(REPAIR, tried=(FIRST,), taken=0, why="the network is tiny"),
            "int8 as the recipe asks for it: agreement 98.40% of 378 validation images; that is below the bar of 99.0% "
            "and at most 0.5% of accuracy lost, nothing else was tried: the network is tiny",
        ),
        (
            replace(REPAIR, tried=(), count=12, taken=0, why="12 validation images are too few, 100 are needed"),
            "int8 as the recipe asks for it, not judged before verify: 12 validation images are too few, 100 are "
            "needed",
        ),
        (
            replace(REPAIR, tried=(REFUSED, GOOD), taken=1),
            "int8 was repaired by 2 operations in float32: agreement 99.20% of 378 validation images, before refused "
            "by its runtime",
        ),
    ],
)
def test_words_say_which_is_exported_what_it_showed_and_what_was_not_done(repair: Repair, words: str) -> None:
    assert repair.words() == words


def test_what_is_published_holds_no_time_of_the_moment() -> None:
    assert (
        REPAIR.as_json() == replace(REPAIR, tried=tuple(replace(one, median_ms=9.0) for one in REPAIR.tried)).as_json()
    )
    assert REPAIR.as_json()["tried"][2]["in_float"] == ("a", "b")
    assert REPAIR.speeds() == [2.5, 2.5, 2.5]
