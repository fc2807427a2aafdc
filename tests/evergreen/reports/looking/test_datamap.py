"""evergreen.reports.looking.datamap: a mark an image, mistakes on top, classes told apart, names that mean nothing."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from chromium import Browser
from markupsafe import Markup
from pages import svg_of

from evergreen.reports.looking.datamap import MOST_TOLD_APART, mark, shown
from evergreen.reports.page import render

CLASSES = ["</script><script>alert(1)</script>", "gr\u00fcn | \u202e"]
PROJECTION = {"variance": 0.25, "kept": {"pca": 0.1, "tsne": 0.5}}
PATHS = ["a.png", "b.png", "<img src=x onerror=alert(1)>.png", "long/" * 60 + "d.png"]


def judged() -> pd.DataFrame:
    answers = [CLASSES[0], CLASSES[1], CLASSES[1], CLASSES[1]]
    rows = {"path": PATHS, "label": [CLASSES[0], *[CLASSES[0]], *CLASSES[1:] * 2], "predicted": answers}
    return pd.DataFrame(rows | {"probability": [0.5, 0.75, "0.25", 1.0]})


def places(**more: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"path": PATHS, "pca_x": [-1, 1, 0, 0.5], "pca_y": [-1, 1, 0, 0.5]} | more)


TILES = {path: (number % 2, number // 2) for number, path in enumerate(PATHS)}


def made(**more: list[float]) -> dict[str, Any]:
    found = shown(places(**more), PROJECTION, judged(), CLASSES, TILES)
    assert found
    return found


def page(found: dict[str, Any]) -> str:
    data = SimpleNamespace(splits=SimpleNamespace(classes=CLASSES))
    drawn = found | {"svg": Markup(found["svg"])}  # noqa: S704 - our own
    inside = render("looking/map.html.j2", map=drawn, judged="test", found=SimpleNamespace(data=data)).decode()
    return f'<!doctype html><meta name="viewport" content="width=device-width"><title>map</title>{inside}'


def test_every_image_has_a_mark_and_mistakes_lie_on_top() -> None:
    found = made(tsne_x=[0.5, 0, 1, -1], tsne_y=[0.5, 0, 1, -1])
    marks = list(svg_of(found["svg"]).find("g") or [])
    assert [one.get("class") for one in marks] == ["c1", "c0", "c1", "c0 wrong"]
    data = found["data"]
    assert data["names"] == [PATHS[2], "a.png", f"\u2026{PATHS[3][-120:]}", "b.png"]
    assert (data["truth"][3], data["answer"][3], data["percent"][3]) == (0, 1, "75.0")
    assert data["tiles"][6:] == [1, 0]
    # The first way is by neighbours, and the picture is drawn so.
    assert data["first"] == "tsne"
    assert marks[3].get("transform") == "translate(320.0 320.0)"
    assert data["ways"]["tsne"][6:] == [320.0, 320.0]
    assert data["ways"]["pca"][6:] == [624.0, 16.0]  # up is up
    assert (found["count"], found["of"], found["wrong"]) == (4, 4, 1)
    assert all(len(name) <= 121 for name in data["names"])


def test_numbers_that_come_as_text_are_numbers_and_who_has_no_place_is_counted() -> None:
    found = shown(places().astype(str).head(3), PROJECTION, judged(), CLASSES, TILES)
    assert found
    assert (found["count"], found["of"], list(found["ways"])) == (3, 4, ["pca"])
    assert "3 of 4 test images, drawn at random (the 1 others are not shown)" in page(found)
    assert shown(places().head(0), PROJECTION, judged(), CLASSES, TILES) is None


def test_classes_are_told_apart_as_long_as_there_are_marks() -> None:
    assert len({mark(number) for number in range(MOST_TOLD_APART)}) == MOST_TOLD_APART == 30
    assert mark(MOST_TOLD_APART) == mark(0)
    classes = [f"class {number}" for number in range(31)]
    found = shown(places(), PROJECTION, judged().assign(label="class 30", predicted="class 0"), classes, TILES)
    assert found
    assert not found["told_apart"]
    assert made()["told_apart"]


def test_names_are_data_and_no_markup() -> None:
    text = page(made())
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "\u202e" not in text
    inside = text.partition('id="map-data">')[2].partition("</script>")[0]
    assert json.loads(inside)["classes"] == [CLASSES[0], "gr\u00fcn | \\u202e"]


@pytest.mark.parametrize("dark", [False, True])
def test_a_mark_shows_its_image_by_pointer_and_by_keyboard(dark: bool, tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "map.html"
    path.write_text(page(made(tsne_x=[0.5, 0, 1, -1], tsne_y=[0.5, 0, 1, -1])), encoding="utf-8")
    browser.open(path.as_uri(), phone=dark, dark=dark, size=(390, 844) if dark else (1280, 900))
    browser.wait_for(f"location.href === {path.as_uri()!r} && document.readyState === 'complete'")
    tip = "document.getElementById('map-tip')"
    point = (
        "(() => {{ const one = document.getElementById('map-marks').children[{0}].getBoundingClientRect();"
        "document.getElementById('map').dispatchEvent(new {1}('{2}', {{bubbles: true, pointerType: 'mouse',"
        "clientX: one.x + one.width / 2 + 3, clientY: one.y + one.height / 2}})); }})()"
    )
    browser.evaluate(point.format(3, "PointerEvent", "pointermove"))
    shown_text = browser.evaluate(f"{tip}.innerText")
    assert "answered gr\u00fcn | \\u202e 75.0 %" in shown_text
    assert CLASSES[0] in shown_text
    assert "b.png" in shown_text
    assert browser.evaluate(f"{tip}.querySelector('.tile').style.getPropertyValue('--x')") == "1"
    browser.evaluate(point.format(1, "PointerEvent", "click"))
    assert "a.png" in browser.evaluate("document.getElementById('map-live').textContent")
    # By the other way, the marks lie elsewhere, and are found there.
    browser.evaluate("document.querySelector('input[value=pca]').click()")
    assert browser.evaluate(f"{tip}.hidden")
    first = "document.getElementById('map-marks').children[3].getAttribute('transform')"
    assert browser.evaluate(first) == "translate(624 16)"
    browser.evaluate("document.getElementById('map').focus()")
    browser.press("ArrowUp", 38)
    assert "b.png" in browser.evaluate(f"{tip}.innerText")
    browser.press("ArrowLeft", 37)
    assert "b.png" not in browser.evaluate(f"{tip}.innerText")
    browser.press("Escape", 27)
    assert browser.evaluate(f"{tip}.hidden")
    # Mistakes alone: what is faint is not found.
    choose = "(() => {{ const list = document.getElementById('map-class'); list.value = '{}';"
    browser.evaluate(choose.format("wrong") + "list.dispatchEvent(new Event('change')); })()")
    assert browser.evaluate("document.querySelectorAll('#map-marks .faint').length") == 3
    browser.evaluate(point.format(0, "PointerEvent", "pointermove"))
    assert browser.evaluate(f"{tip}.hidden")
    browser.evaluate(choose.format("1") + "list.dispatchEvent(new Event('change')); })()")
    assert browser.evaluate("document.querySelectorAll('#map-marks .faint').length") == 2
    assert browser.errors == []
