"""evergreen.reports.sweeps.curves: a curve a trial, over all phases; the best is named."""

import made_sweeps
from pages import svg_of

from evergreen.reports.sweeps.curves import curves

SVG = "{http://www.w3.org/2000/svg}"


def test_every_trial_with_an_epoch_has_a_curve_and_the_best_its_name() -> None:
    made = made_sweeps.grid()
    drawn = svg_of(curves(made))
    groups = [group for group in drawn.iter(f"{SVG}g") if "data-trial" in group.attrib]
    points = {int(one.attrib["data-trial"]): one[-2].attrib["points"].split() for one in groups}
    assert {number: len(some) for number, some in points.items()} == {n: 3 if n == 4 else 12 for n in range(9)}
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert "trial 7" in words
    assert {"1", "12", "epoch"} <= set(words)
    assert curves(made_sweeps.all_failed()) == ""


def test_epochs_count_over_phases_and_one_epoch_is_a_point() -> None:
    made = made_sweeps.single()
    (trial,) = made["trials"]
    trial["history"] = [row | {"phase": 1 + n // 6, "epoch": 1 + n % 6} for n, row in enumerate(trial["history"])]
    assert ">12<" in curves(made)
    trial["history"] = trial["history"][:1]
    assert curves(made).count("<circle") == 1
    trial["history"][0]["val_accuracy"] = float("nan")
    assert curves(made) == ""
