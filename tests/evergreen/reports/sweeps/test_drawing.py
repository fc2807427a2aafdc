"""evergreen.reports.sweeps.drawing: names mean no markup, colours follow accuracy, numbers are round."""

import made_sweeps
import pytest
from pages import svg_of

from evergreen.reports.figures import BLUE, GREY, ORANGE
from evergreen.reports.sweeps.drawing import colour, colours, cross, drawn, label, line_of, name_of, scale_of, steps


def test_text_means_no_markup_and_a_long_one_is_whole_in_its_title() -> None:
    for text in made_sweeps.HOSTILE:
        made = svg_of(f"<svg>{label(0, 0, text, ink='grey')}</svg>")
        assert [one.tag for one in made.iter()] in (["svg", "text"], ["svg", "text", "title"])
        assert "\x1b" not in "".join(made.itertext())
    (word,) = svg_of(f"<svg>{label(0, 0, 'EfficientNetV2B3-and-more', ink='grey')}</svg>")
    assert (word.text, word[0].text) == ("EfficientNetV2B3…", "EfficientNetV2B3-and-more")


def test_colours_go_from_the_lowest_accuracy_to_the_highest() -> None:
    assert [colour(share) for share in (0, 0.5, 1)] == [ORANGE, GREY, BLUE]
    made = made_sweeps.grid()
    of = colours(made["trials"])
    assert (of[7], of[0], of[4], of[9]) == (BLUE, ORANGE, GREY, GREY)  # the best, the worst; pruned, failed
    assert scale_of(made_sweeps.all_failed()["trials"]) == (0.0, 0.0, False)
    assert colours(made_sweeps.single()["trials"]) == {0: BLUE}


def test_a_few_that_learned_nothing_leave_the_others_their_colours() -> None:
    trials = [made_sweeps.trial(n, {"a": n}, accuracy) for n, accuracy in enumerate((0.8, 0.79, 0.78, 0.1))]
    low, high, below = scale_of(trials)
    assert (high, below) == (0.8, True)
    assert low == pytest.approx(0.755)
    assert len(set(colours(trials).values())) == 4


def test_the_best_is_drawn_last_and_what_waits_not_at_all() -> None:
    made = made_sweeps.grid()
    waiting = made_sweeps.trial(10, {}, 0, state="waiting")
    assert [one["number"] for one in drawn([*made["trials"], waiting])] == [9, 4, 0, 3, 1, 2, 5, 8, 6, 7]
    many = [made_sweeps.trial(n, {}, 0.001 * n, epochs=1) for n in range(300)]
    assert [one["number"] for one in drawn(many)] == list(range(100, 300))


def test_a_line_has_its_name_and_one_that_did_not_end_a_cross() -> None:
    made = made_sweeps.grid()
    best, pruned, failed = (made["trials"][number] for number in (7, 4, 9))
    assert name_of(best, 7).endswith("validation accuracy 78.85%, the best")
    assert name_of(pruned, 7).endswith("pruned at epoch 3")
    assert name_of(failed, 7) == "trial 9 (backbone EfficientNetB0, magnitude 0.5), failed"
    lines = [line_of(one, [(0, 0), (5, 5)], GREY, 7) for one in (best, pruned, failed)]
    assert ["circle" in line for line in lines] == [True, False, False]
    assert [cross(5, 5, GREY) in line for line in lines] == [False, True, True]
    assert ['stroke-width="3.5"' in line for line in lines] == [True, False, False]
    assert ["stroke-dasharray" in line for line in lines] == [False, True, True]


def test_numbers_along_an_axis_are_round() -> None:
    assert steps(0.71, 0.79) == [0.72, 0.74, 0.76, 0.78]
    assert steps(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert steps(1, 12, 10) == [2, 4, 6, 8, 10, 12]
    assert steps(3, 3) == [3]
