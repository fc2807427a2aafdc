"""evergreen.reports.looking.threshold: exact counts, and a script that says what Python says."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chromium import Browser
from markupsafe import Markup
from pages import svg_of

from evergreen.judging.metrics import wilson
from evergreen.reports.looking import threshold as module
from evergreen.reports.looking.threshold import by_class, coverage, data_of, left, overall, said, shown
from evergreen.reports.page import percent, render

CLASSES = ["a", "</script>", "never judged"]


def judged(count: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, count)
    probability = (1 - 0.5 * rng.random(count) ** 3).round(6)
    right = rng.random(count) < probability
    answers = np.where(right, truth, 1 - truth)
    names = np.array(CLASSES)
    return pd.DataFrame({"label": names[truth], "predicted": names[answers], "probability": probability})


def facts(unsure_below: float | None, **more: Any) -> dict[str, Any]:
    return {"unsure_below": unsure_below, "unsure_precision": 0.95, **more}


def page(found: dict[str, Any], count: int) -> str:
    data = SimpleNamespace(splits=SimpleNamespace(classes=CLASSES))
    curve = Markup(found["curve"])  # noqa: S704 - our own
    inside = render(
        "looking/threshold.html.j2", threshold=found, curve=curve, judged="test",
        own={"count": count}, many=False, found=SimpleNamespace(data=data),
        interval=lambda low, high: f"{percent(low, 1)} to {percent(high, 1)}",
    ).decode()  # fmt: skip
    return f'<!doctype html><meta charset="utf-8"><title>threshold</title>{inside}'


def test_counts_are_those_of_the_answers_themselves() -> None:
    table = judged()
    found = coverage(table, CLASSES, 0.8125)
    assert found.thresholds[0] == 0
    assert found.thresholds[found.start] == 0.8125
    for at, threshold in enumerate(found.thresholds):
        given = table[table["probability"] >= threshold]
        right = given[given["label"] == given["predicted"]]
        assert found.answered[at].tolist() == [int((given["label"] == name).sum()) for name in CLASSES]
        assert found.right[at].tolist() == [int((right["label"] == name).sum()) for name in CLASSES]
    assert found.images.sum() == 400
    one = overall(found, 0)
    assert (one.images, one.answered, one.coverage) == (400, 400, 1.0)
    assert (one.low, one.high) == wilson(one.right, 400)
    assert [row.images for row in by_class(found, found.start)] == found.images.tolist()


def test_the_steps_of_the_script_add_up() -> None:
    found = coverage(judged(), CLASSES, None)
    data = json.loads(json.dumps(data_of(found)))
    steps = np.array(data["steps"]).reshape(-1, 4)
    for at in range(len(found.thresholds)):
        above = steps[steps[:, 0] >= at]
        for index in range(3):
            own = above[above[:, 1] == index]
            assert own[:, 2].sum() == found.answered[at, index]
            assert own[:, 3].sum() == found.right[at, index]
    assert data["answered"] == found.answered.sum(axis=1).tolist()


def test_where_classes_are_too_many_to_count_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_COUNTS", 10)
    found = shown(coverage(judged(), CLASSES, 0.9), facts(0.9))
    assert found["data"]["steps"] is None
    assert "this table stays at 0.90." in page(found, 400)


def test_probabilities_may_be_text_and_thresholds_are_said_as_they_are() -> None:
    table = judged(20)
    as_text = table.assign(probability=table["probability"].astype(str))
    assert coverage(as_text, CLASSES, None).answered.tolist() == coverage(table, CLASSES, None).answered.tolist()
    assert [said(value) for value in (0, 0.5, 0.99, 0.123456, 1)] == ["0.00", "0.50", "0.99", "0.123456", "1.00"]


@pytest.mark.parametrize(
    ("unsure_below", "words"),
    [
        (None, "No threshold reached 95.0 % precision on validation"),
        (0.0, "On validation all answers together reached 95.0 % precision"),
        (0.87654321, "It starts at 0.876543, which validation chose for 95.0 % precision."),
    ],
)
def test_it_starts_where_validation_chose(unsure_below: float | None, words: str) -> None:
    found = coverage(judged(), CLASSES, unsure_below)
    text = page(shown(found, facts(unsure_below)), 400)
    assert words in text
    assert ('id="cut-back"' in text) == (unsure_below is not None)
    assert svg_of(found_svg(text)).tag == "svg"
    assert ("chosen on validation" in text) == (unsure_below is not None)


def found_svg(text: str) -> str:
    return text[text.index("<svg") : text.index("</svg>") + 6]


def test_answers_that_tie_with_the_threshold_at_six_decimals_are_told() -> None:
    table = judged(50).assign(probability=1.0)
    tied = shown(coverage(table, CLASSES, 0.99999995), facts(0.99999995, sure=47, count=50))
    assert tied["tied"] == 3
    assert "3 answers are counted as given that lie below the chosen threshold" in page(tied, 50)
    assert shown(coverage(table, CLASSES, 0.99999995), facts(0.99999995))["tied"] == 0  # of an earlier version


@pytest.mark.parametrize("right", [True, False])
def test_all_right_and_all_wrong_and_nothing_given_are_shown_too(right: bool) -> None:
    table = judged(40).assign(probability=0.6)
    table = table.assign(predicted=table["label"]) if right else table.assign(label="</script>", predicted="a")
    found = shown(coverage(table, CLASSES, 0.9), facts(0.9))
    assert found["left"].answered == 0
    text = page(found, 40)
    assert "0.0 %</b> answered (0 of 40); 40 left out." in text
    assert ">100 %<" in text
    assert text.count("<td>none</td>") >= 4
    assert left(0, 0, 0).coverage == left(0, 0, 0).accuracy == 0


def test_a_class_named_like_markup_is_text() -> None:
    text = page(shown(coverage(judged(), CLASSES, 0.9), facts(0.9)), 400)
    assert "<td>&lt;/script&gt;</td>" in text
    assert text.count("</script>") == 2


@pytest.mark.parametrize("never", [False, True])
def test_the_script_says_what_python_says_at_every_threshold(never: bool, tmp_path: Path, browser: Browser) -> None:
    table = judged(400)  # of 400 images, 0.25 % is halfway between two tenths
    if never:  # one class is never right, the other always
        table = table.assign(predicted="</script>")
    found = coverage(table, CLASSES, 0.9)
    path = tmp_path / "threshold.html"
    path.write_text(page(shown(found, facts(0.9)), 400), encoding="utf-8")
    browser.open(path.as_uri())
    browser.wait_for(f"location.href === {path.as_uri()!r} && document.readyState === 'complete'")
    before = browser.evaluate("document.getElementById('cut-said').textContent")
    moved = browser.evaluate(
        "(() => { const cut = document.getElementById('cut'), all = [];"
        "for (let at = 0; at <= Number(cut.max); at++) { cut.value = at; cut.dispatchEvent(new Event('input'));"
        "all.push([document.getElementById('cut-said').textContent,"
        " [...document.querySelectorAll('#cut-classes tr')].slice(1).map(row => [...row.cells].slice(1)"
        ".map(cell => cell.textContent))]); } return all; })()"
    )
    assert len(moved) == len(found.thresholds)

    def cells(row: Any) -> list[str]:
        shares = [percent(row.accuracy, 1), f"{percent(row.low, 1)} to {percent(row.high, 1)}"]
        some = [f"{row.answered:,}", percent(row.coverage, 1), *(shares if row.answered else ["none", "none"])]
        return [f"{row.images:,}", *some, f"{row.answered - row.right:,}", f"{row.images - row.answered:,}"]

    for at, (words, rows) in enumerate(moved):
        assert rows == [cells(row) for row in by_class(found, at)]
        one = overall(found, at)
        begins = f"At {said(found.thresholds[at])}: {percent(one.coverage, 1)} answered ({one.answered:,} of 400"
        assert words.startswith(begins)
        right = f"{percent(one.accuracy, 1)} of them right ({cells(one)[4]}), {one.answered - one.right} wrong"
        assert right in words or not one.answered
    browser.evaluate("document.getElementById('cut-back').click()")
    assert browser.evaluate("document.getElementById('cut-said').textContent") == before
    assert browser.errors == []
