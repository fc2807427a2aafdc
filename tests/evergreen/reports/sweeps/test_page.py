"""evergreen.reports.sweeps.page: verdict, table and pictures; it sorts in a browser, and names mean no markup."""

import re
from html.parser import HTMLParser
from pathlib import Path

import made_sweeps
import pytest
from chromium import Browser

from evergreen.reports.sweeps.page import columns_of, duration, in_order, page, row_of, sentences, space_in_words


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_the_page_says_who_won_by_how_much_and_how_to_go_on() -> None:
    made = made_sweeps.grid()
    text = page(made).decode()
    assert page(made).decode() == text
    for said in (
        "<h2>Trial 7 wins: validation accuracy 78.85% (backbone EfficientNetB0, magnitude 0.25)</h2>",
        "<p>It leads trial 6 (backbone EfficientNetB0, magnitude 0.15) by 0.3 points (95 % interval",
        "<p>With 9 trials the best looks better than it is",
        "<pre>evergreen retrain tsel --set train.backbone=EfficientNetB0 --set augment.magnitude=0.25</pre>",
        "<b>10 of 10</b>",
        "5 trained, 3 reused",
        '<span class="path">train.backbone</span><i style="--share:0.9',
        "<li>Trial 4 (backbone MobileNetV2, magnitude 0.5), validation accuracy 46.84%, pruned at epoch 3, after 8 s, "
        "2 min 14 s into the sweep: below half of the others</li>",
        "<li>Trial 9: TrainingDiverged: the loss became nan (validation nan) in epoch 2</li>",
        "<li>train.threads was auto: the sweep set 2, as one worker ran on 2 cores</li>",
        "it scrolls sideways",
    ):
        assert said in text, said
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")  # nothing is fetched
    stopped = page(made | {"outcome": "out of budget", "planned": 30}).decode()
    assert "The sweep is not whole (out of budget): 8 of 30 trials ended well." in stopped


def test_the_table_is_sorted_by_accuracy_before_any_script_runs() -> None:
    made = made_sweeps.grid()
    assert [one["number"] for one in in_order(made["trials"])] == [7, 6, 8, 5, 2, 1, 3, 0, 4, 9]
    rows = re.findall(
        r'<tr data-trial="(\d+)".*?<td data-key="[^"]*" class="left ([a-z]+)">([^<]*)</td>', page(made).decode()
    )
    assert rows[0] == ("7", "passed", "best, trained")
    assert rows[3:5] == [("5", "soft", "reused"), ("2", "passed", "trained")]
    assert rows[-2:] == [("4", "warn", "pruned at epoch 3"), ("9", "failed", "failed")]
    assert columns_of(made)[:5] == ["trial", "state", "backbone", "magnitude", "val_accuracy"]
    assert row_of(made["trials"][7], made)[2:5] == ["EfficientNetB0", "0.25", "78.85 %"]


def test_single_seeds_stand_beside_their_mean() -> None:
    made = made_sweeps.single() | {"seeds": [1, 2]}
    made["trials"][0]["seeds"] = [{"seed": seed, "val_accuracy": 0.7 + 0.1 * seed} for seed in (0, 1)]
    assert dict(zip(columns_of(made), row_of(made["trials"][0], made), strict=True))["single seeds"] == "70.0% to 80.0%"
    assert "seeds 1, 2" in page(made).decode()
    assert "of the first seed" in page(made).decode()


@pytest.mark.parametrize("name", ["single", "all_failed"])
def test_little_is_a_page_too(name: str) -> None:
    made = getattr(made_sweeps, name)()
    text = page(made).decode()
    assert "Not told: of fewer than 4 trials that ended, nothing can be said." in text
    assert len(sentences(made)) == 1
    assert ("<h2>No trial ended well, so there is no winner</h2>" in text) == (name == "all_failed")
    assert ("Learning curves" in text) == (name == "single")
    assert "To go on with it" not in text or name == "single"


def test_a_strangers_text_means_no_markup_and_no_script() -> None:
    text = page(made_sweeps.hostile()).decode()
    found = _Tags()
    found.feed(text)
    assert found.tags.count("script") == 1
    assert "img" not in found.tags
    assert found.handlers == []
    assert "\x1b" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7 * 7 }} ]]&gt;" in text


def test_words() -> None:
    assert [duration(seconds) for seconds in (3.4, 59.7, 359.8, 3000, 9000)] == [
        "3 s", "1 min 0 s", "6 min 0 s", "50 min", "2.5 h",
    ]  # fmt: skip
    assert space_in_words({"choices": ["a", 0.5]}) == "a, 0.5"
    assert space_in_words({"low": 1e-4, "high": 0.01, "log": True}) == "0.0001 to 0.01, by logarithm"
    assert space_in_words({"low": 0.1, "high": 0.5, "log": False, "step": 0.1}) == "0.1 to 0.5, in steps of 0.1"


def test_it_sorts_names_and_fits_a_desk_and_a_phone(tmp_path: Path, browser: Browser) -> None:
    for name in ("grid", "hostile"):
        path = tmp_path / f"{name}.html"
        path.write_bytes(page(getattr(made_sweeps, name)()))
        for size, phone, dark in (((1280, 900), False, False), ((390, 844), True, True)):
            browser.open(path.as_uri(), size=size, phone=phone, dark=dark)
            browser.wait_for(f"location.href === {path.as_uri()!r} && document.readyState === 'complete'")
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
            shown = "getComputedStyle(document.querySelector('.scrolls.parallel')).display"
            assert browser.evaluate(shown) == ("block" if phone else "none")
            assert browser.errors == []
    browser.open((tmp_path / "grid.html").as_uri())
    browser.wait_for("location.href.endsWith('grid.html') && document.readyState === 'complete'")
    order = "[...document.querySelectorAll('#table tbody tr')].map(row => row.dataset.trial).join()"
    assert browser.evaluate(order) == "7,6,8,5,2,1,3,0,4,9"
    press = "document.querySelectorAll('#table th button')[{}].click()"
    browser.evaluate(press.format(0))
    assert browser.evaluate(order) == "0,1,2,3,4,5,6,7,8,9"
    browser.evaluate(press.format(5))  # validation loss: numbers as numbers, and who has none comes last
    assert browser.evaluate(order) == "7,6,8,5,2,1,3,0,4,9"
    browser.evaluate(press.format(5))
    assert browser.evaluate(order) == "4,0,3,1,2,5,8,6,7,9"
    browser.evaluate(
        "document.querySelector('tr[data-trial=\"2\"] td').dispatchEvent(new Event('click', {bubbles: true}))"
    )
    assert browser.evaluate("document.querySelectorAll('.on').length") == 3  # the row and two lines
    assert browser.evaluate("document.querySelector('.named').textContent").startswith("Trial 2 (backbone MobileNetV2")
    assert browser.errors == []
