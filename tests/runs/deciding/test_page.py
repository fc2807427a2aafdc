"""The page on which a person decides, in Chromium: keys, buttons, what a screen reader is told, phone and dark."""

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asking import CLASSES, ROWS, digest, serving, session_of, suspect
from chromium import Browser
from PIL import Image

from evergreen.decisions.decision import Decision
from evergreen.errors import BadImage
from evergreen.images.thumbnails import for_browser
from runs.deciding.server import DecidingServer, Picture
from runs.deciding.session import Session

SHOTS = os.environ.get("EVERGREEN_SHOTS")  # a folder for pictures of the page, for whoever wants to look at it
READY = (
    "document.querySelector('#question:not([hidden]) #picture:not([hidden])') && "
    "document.getElementById('heading').textContent.startsWith({!r})"
)
ALIKE = "[...document.querySelectorAll('#alike img')]"
ALIKE_SHOWN = f"{ALIKE}.length === 3 && {ALIKE}.every((one) => one.naturalWidth)"
# Width and height of each button that is seen, in CSS pixels.
BUTTONS = """[...document.querySelectorAll('button, .switch, input[type=search]')].filter((one) => one.offsetParent)
  .map((one) => [one.offsetWidth, one.offsetHeight, one.textContent])"""


@pytest.fixture(scope="module")
def pictures(png: Callable[..., bytes]) -> Picture:
    """Pictures, one of a format that no browser shows, and three that it looks like."""
    tiff = io.BytesIO()
    Image.open(io.BytesIO(png(1, (900, 600), (60, 90, 140)))).save(tiff, "TIFF")
    data = {
        digest(1): tiff.getvalue(), digest(2): png(2, (300, 700), (150, 80, 60)), digest(3): png(3, (12, 10)),
        digest(4): png(4, (1200, 800), (200, 200, 190)), digest(5): png(5, (300, 300), (190, 180, 170)),
        digest(6): png(6, (16, 16), (60, 100, 150)),
    }  # fmt: skip
    return lambda sha256, side: for_browser(data[sha256], side)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return session_of(tmp_path / "waste.labels.yaml")


@pytest.fixture
def server(session: Session, pictures: Picture) -> Iterator[DecidingServer]:
    with serving(session, pictures) as running:
        yield running


def _opened(browser: Browser, server: DecidingServer, **how: object) -> None:
    browser.open("about:blank")
    browser.open(server.address, **how)  # type: ignore[arg-type]
    browser.wait_for(READY.format("1 of 3"))


def _press(browser: Browser, key: str) -> None:
    browser.press(key, ord(key.upper()) if len(key) == 1 else 0)


def _shot(browser: Browser, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        browser.screenshot(Path(SHOTS) / f"{name}.png")


def _text(browser: Browser, name: str) -> str:
    return str(browser.evaluate(f"document.getElementById({name!r}).textContent"))


def test_one_key_each_decides_and_takes_back(browser: Browser, server: DecidingServer, session: Session) -> None:
    _opened(browser, server)
    assert browser.evaluate("location.hash + document.cookie") == ""  # the token is out of the address, in no cookie
    assert _text(browser, "facts") == "LabelpaperSuggestedglassHow sure93 %Whyreason 1Filepaper/1.jpg"
    assert browser.evaluate("document.getElementById('picture').naturalWidth") == 900  # of a TIFF
    _press(browser, "1")
    browser.wait_for(READY.format("2 of 3"))
    assert session.file.read().made[digest(1)].words == "relabel: glass"
    assert _text(browser, "said").startswith("paper/1.jpg is glass. Now 2: Like none of the classes. Label: metal.")
    assert browser.evaluate("document.activeElement.id") == "heading"
    _press(browser, "k")
    browser.wait_for(READY.format("3 of 3"))
    _press(browser, "l")
    browser.wait_for("!document.getElementById('end').hidden")
    assert {one.words for one in session.file.read().made.values()} == {"relabel: glass", "keep", "leave out"}
    assert _text(browser, "end-heading") == "Everything is decided"
    assert _text(browser, "next") == "evergreen retrain waste"
    for number in (3, 2, 1):
        _press(browser, "u")
        browser.wait_for(READY.format(f"{number} of 3"))
    assert session.file.read().made == {}
    _press(browser, "3")  # the label that it has: kept, not relabelled
    browser.wait_for(READY.format("2 of 3"))
    assert session.file.read().made == {
        digest(1): Decision("keep", "", "paper", "paper/1.jpg", "Anna", session.clock())
    }
    browser.send("Page.reload")
    browser.wait_for(READY.format("2 of 3"))  # the token is kept for this tab
    assert _text(browser, "progress-words") == "1 of 3 decided"
    assert browser.errors == []


def test_beside_a_picture_stand_those_that_it_looks_like(browser: Browser, server: DecidingServer) -> None:
    _opened(browser, server)
    browser.wait_for(ALIKE_SHOWN)
    browser.wait_for(f"{ALIKE}[2].className === 'tiny'")
    assert _text(browser, "alike-classes") == "paper its labelglass suggested"
    told = browser.evaluate(f"{ALIKE}.map((one) => [one.naturalWidth, one.alt, one.className])")
    assert told == [
        [320, "paper/4.jpg, which is paper: 50 % alike", ""],
        [300, "paper/<b>5.jpg, which is paper: 25 % alike", ""],
        [16, "glass/6.jpg, which is glass: 93 % alike", "tiny"],
    ]
    _press(browser, "s")
    browser.wait_for(READY.format("2 of 3"))
    browser.wait_for("document.getElementById('alike').hidden")
    assert "Looks likenot known: it was not compared with others" in _text(browser, "facts")
    _press(browser, "s")
    browser.wait_for(READY.format("3 of 3"))
    assert "Looks like" not in _text(browser, "facts")  # of an image without a label nothing is expected
    assert browser.errors == []


def test_one_of_those_that_cannot_be_shown_says_so_and_stops_no_decision(
    browser: Browser, session: Session, pictures: Picture
) -> None:
    def broken(sha256: str, side: int) -> tuple[bytes, str]:
        if sha256 == digest(5):
            raise BadImage("not a readable image")
        return pictures(sha256, side)

    with serving(session, broken) as server:
        _opened(browser, server)
        browser.wait_for("document.getElementById('alike').textContent.includes('cannot be shown')")
        assert "paper/<b>5.jpg cannot be shown: not a readable image" in _text(browser, "alike-classes")
        browser.wait_for(f"{ALIKE}.length === 2 && {ALIKE}.every((one) => one.naturalWidth)")
        _press(browser, "k")
        browser.wait_for(READY.format("2 of 3"))
    assert digest(1) in session.file.read().made


def test_nothing_is_decided_by_keys_that_are_switched_off_held_or_the_browsers(
    browser: Browser, server: DecidingServer, session: Session
) -> None:
    _opened(browser, server)
    for event in ("{key: 'k', repeat: true}", "{key: 'k', ctrlKey: true}", "{key: 'k', metaKey: true}", "{key: 'x'}"):
        browser.evaluate(f"document.dispatchEvent(new KeyboardEvent('keydown', {event}))")
    browser.evaluate("document.getElementById('keys').click()")
    _press(browser, "k")
    browser.evaluate("document.getElementById('later').click()")
    browser.wait_for(READY.format("2 of 3"))
    assert not session.file.path.exists()
    assert not _text(browser, "decided")


def test_what_the_server_refuses_is_said_and_changes_nothing(
    browser: Browser, server: DecidingServer, session: Session
) -> None:
    _opened(browser, server)
    session.file.path.write_text("<<<<<<< ours\n")
    _press(browser, "k")
    browser.wait_for("!document.getElementById('trouble').hidden")
    assert "a merge of Git that is not finished" in _text(browser, "trouble")
    assert _text(browser, "heading").startswith("1 of 3")
    browser.evaluate("sessionStorage.clear()")
    browser.open(f"http://127.0.0.1:{server.server_port}/")
    browser.wait_for("document.getElementById('trouble')?.textContent.startsWith('Open the address')")


def test_names_are_text_and_many_classes_are_found_by_their_letters(
    browser: Browser, tmp_path: Path, pictures: Picture
) -> None:
    bad = "<img src=x onerror=alert(1)>"
    classes = (bad, *(f"kind {n}" for n in range(30)))
    rows = ({**suspect(1, bad, suggested="kind 7"), "reason": bad, "path": bad}, *ROWS[1:])
    session = session_of(tmp_path / "x.labels.yaml", rows, classes)
    with serving(session, pictures) as server:
        _opened(browser, server)
        _shot(browser, "many")
        assert bad in _text(browser, "facts")
        first = browser.evaluate("document.querySelector('#classes button').textContent")
        assert first == "9kind 7 suggested"  # in sight, under the key that it has everywhere
        assert browser.evaluate("document.querySelectorAll('img[src=x]').length") == 0
        browser.evaluate("document.getElementById('filter').focus()")
        browser.send("Input.insertText", text="kind 7")
        browser.wait_for("document.querySelectorAll('#classes button').length === 1")
        _press(browser, "k")  # a letter of what is searched
        assert not session.file.path.exists()
        browser.evaluate("document.querySelector('#classes button').click()")
        browser.wait_for(READY.format("2 of 3"))
        assert session.file.read().made[digest(1)].label == "kind 7"
    assert browser.errors == []


def test_a_phone_a_desktop_and_dark_are_whole_and_every_button_can_be_touched(
    browser: Browser, server: DecidingServer
) -> None:
    for dark in (False, True):
        for phone, size in ((True, (390, 844)), (False, (1280, 900))):
            _opened(browser, server, size=size, phone=phone, dark=dark)
            browser.wait_for(ALIKE_SHOWN)
            _shot(browser, f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}")
            assert browser.evaluate("document.documentElement.scrollWidth") <= size[0]
            small = [one for one in browser.evaluate(BUTTONS) if min(one[:2]) < 44]
            assert small == []
            colours = "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
            text, page = (sum(map(int, re.findall(r"\d+", one)[:3])) for one in browser.evaluate(colours))
            assert (text > page) == dark
    for _ in range(3):
        browser.evaluate("document.getElementById('later').click()")
    browser.wait_for("!document.getElementById('end').hidden")
    assert _text(browser, "end-heading") == "3 left for later"
    _shot(browser, "end")
    browser.evaluate("document.getElementById('again').click()")
    browser.wait_for(READY.format("1 of 3"))


def test_whoever_hears_it_finds_names_and_roles(browser: Browser, server: DecidingServer) -> None:
    _opened(browser, server)
    browser.send("Accessibility.enable")
    browser.wait_for(ALIKE_SHOWN)
    tree = browser.send("Accessibility.getFullAXTree")["nodes"]
    browser.send("Accessibility.disable")
    named = [(one["role"]["value"], one.get("name", {}).get("value")) for one in tree if not one.get("ignored")]
    assert ("image", "The picture paper/1.jpg") in named
    assert ("heading", "1 of 3: The label may be wrong") in named
    assert ("group", "It is") in named
    assert {("region", "What it looks like"), ("heading", "paper its label"), ("heading", "glass suggested")} <= set(
        named
    )
    assert ("image", "glass/6.jpg, which is glass: 93 % alike") in named
    assert ("progressbar", "0 of 3 decided") in named
    buttons = [name for role, name in named if role == "button"]
    assert [name for name in buttons if not name] == []
    assert any("Keep paper" in name for name in buttons)
    assert all(any(label in name for name in buttons) for label in CLASSES)
    assert any(role == "status" for role, _ in named)
