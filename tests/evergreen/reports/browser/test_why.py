"""Why it said so: the page's heat map in Chromium, of a model that answers by a bright square."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chromium import Browser
from PIL import Image

from evergreen.reports.browser import packages, webpage
from evergreen.sections.data import Image as Rule
from evergreen.vision.formats import tfjs, tflite
from evergreen.vision.formats.contract import Trained
from evergreen.vision.networks import runtime
from runs.answering.page_server import server_of

CLASSES = ["dark", "<b>lamp</b>", "other"]
SIDE = 32
LAMP = (24, 48, 32, 56)  # top, left, bottom, right in a picture of 64 x 64; four by four pixels of the network's
ENDED = "['finer', 'finest'].includes(why.dataset.state)"
READY = "document.body?.dataset.state === 'ready'"
ANSWERED = "document.body.dataset.state === 'answered'"
MAP = """(() => {
  const map = document.getElementById('why-map');
  return [map.height, map.width, [...map.getContext('2d').getImageData(0, 0, map.width, map.height).data]];
})()"""
# A machine on which every look at the clock takes 300 ms: the page sees a slow model. It may rest `budget` times.
SLOW = """
  let [at, held, wait] = [0, [], window.setTimeout];
  window.budget = Infinity;
  performance.now = () => (at += 300);
  window.setTimeout = (then, ms = 0, ...rest) =>
    wait(() => (ms || budget-- > 0 ? then(...rest) : held.push(then)), ms);
  window.release = () => {
    budget = Infinity;
    for (const then of held.splice(0)) then();
  };
"""
HELD = "document.getElementById('why-asked').innerText.startsWith('Asked 2 of 16 times')"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[webpage.Model, ...]:
    """A lamp is where four by four pixels are bright; TFLite's model takes one picture, TensorFlow.js' any number."""
    if packages.missing((*packages.TENSORFLOW_JS, *packages.LITERT_JS)):
        pytest.skip("LiteRT.js or TensorFlow.js is not installed: install Node.js, then run make setup")
    import keras
    from keras import layers

    runtime.start(1)
    folder = tmp_path_factory.mktemp("lamp")
    inputs = keras.Input((SIDE, SIDE, 3))
    grey = layers.Conv2D(1, 1, use_bias=False, name="grey")(inputs)
    brightest = layers.GlobalMaxPooling2D()(layers.AveragePooling2D(4)(grey))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="scores")(brightest))
    model.get_layer("grey").set_weights([np.full((1, 1, 3, 1), 1 / 765, np.float32)])
    model.get_layer("scores").set_weights([np.float32([[-20, 20, 0]]), np.float32([12, -12, -3])])
    rule = Rule(height=SIDE, width=SIDE, resize="squash")
    trained = Trained(folder / "model.keras", model, folder / "saved", CLASSES, lambda: iter(()), rule)
    tflite.write(trained, folder / "tflite-float32", "none")
    tfjs.write(trained, folder / "tfjs", "none")
    return tuple(
        webpage.Model(
            engine,
            {path.name: path.read_bytes() for path in (folder / name).iterdir()},
            {"format": name, "runtime": "its own", "verified": "passed", "agreement": 1.0, "count": 1},
            "the only one",
        )
        for engine, name in (("litert", "tflite-float32"), ("tfjs", "tfjs"))
    )


@pytest.fixture(scope="module")
def addresses(models: tuple[webpage.Model, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The page's address under each rule of resizing."""
    card = {"network": "lamp", "judged": {"split": "test", "accuracy": 1.0, "count": 1}, "trained": 1, "digests": {}}
    found, servers = {}, []
    for resize in ("squash", "crop", "pad"):
        shown = webpage.Shown(
            "Lamps", "lamps", "r", CLASSES, Rule(height=SIDE, width=SIDE, resize=resize).model_dump(), models,
            "d" * 64, None, pd.DataFrame({"path": [], "label": [], "sha256": []}), card,
        )  # fmt: skip
        folder = tmp_path_factory.mktemp(resize) / "page"
        webpage.write(shown, lambda _: b"", folder)
        servers.append(server_of(folder, 0))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        found[resize] = servers[-1].address
    yield found
    for server in servers:
        server.shutdown()
        server.server_close()


def _photo(path: Path, lamp: tuple[int, int, int, int] | None = LAMP, size: tuple[int, int] = (64, 64)) -> Path:
    """Write noise, and a bright square unless there is none."""
    pixels = np.random.default_rng(3).integers(0, 50, (*size, 3)).astype(np.uint8)
    if lamp:
        pixels[lamp[0] : lamp[2], lamp[1] : lamp[3]] = 255
    Image.fromarray(pixels).save(path)
    return path


def _open(browser: Browser, address: str, **settings: Any) -> None:
    # An earlier page, which may be ready too, is still there for a moment after the browser was told to go on.
    browser.evaluate("document.body?.setAttribute('data-state', 'left')")
    browser.open(address, **settings)
    browser.wait_for(f"location.href === '{address}' && {READY}")


def _text(browser: Browser, name: str) -> str:
    return str(browser.evaluate(f"document.getElementById('{name}').innerText"))


def _answer(browser: Browser, photo: Path) -> None:
    browser.upload("#file", photo)
    browser.wait_for(f"{ANSWERED} && why.checkVisibility() && why.dataset.state === 'idle'")


def _press(browser: Browser) -> None:
    browser.evaluate("document.getElementById('why-ask').click()")


def _explained(browser: Browser, address: str, photo: Path) -> None:
    """Open the page, have it answer a photo and say why, and wait for the end of that."""
    _open(browser, address)
    _answer(browser, photo)
    _press(browser)
    browser.wait_for(ENDED)


def _heat(browser: Browser) -> np.ndarray:
    """How orange the map is, (H, W): above 0 where hiding costs, below 0 (blue) where it helps."""
    height, width, values = browser.evaluate(MAP)
    colours = np.array(values, int).reshape(height, width, 4)
    return colours[..., 0] - colours[..., 2]


@pytest.mark.parametrize("wanted", ["litert", "wasm", "webgl", "cpu"])
def test_the_heat_lies_where_the_model_looks(
    wanted: str, browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _open(browser, f"{addresses['squash']}?backend={wanted}")
    _answer(browser, _photo(tmp_path / "lamp.png"))
    assert not browser.evaluate("document.getElementById('why-found').checkVisibility()")  # nothing is asked unasked
    _press(browser)
    browser.wait_for(ENDED)
    heat = _heat(browser)
    assert heat.shape == (SIDE, SIDE)
    top, left, bottom, right = (end // 2 for end in LAMP)
    hottest = np.argwhere(heat == heat.max())
    assert heat.max() > 100
    assert ((hottest >= (top, left)) & (hottest < (bottom, right))).all()
    far = np.ones_like(heat, bool)
    far[top - 8 : bottom + 8, left - 8 : right + 8] = False  # a patch has a quarter of 32 pixels
    assert (heat[far] == 0).all()
    assert _text(browser, "why-text").startswith("Hiding one place (right) takes “<b>lamp</b>” from")
    assert browser.errors == []


@pytest.mark.parametrize(
    ("resize", "size", "lamp", "shape", "ratio"),
    [
        ("squash", (64, 128), (24, 96, 32, 112), (32, 32), 2),
        ("crop", (64, 192), (24, 112, 32, 120), (32, 32), 1),  # columns 64 to 128 are seen
        ("pad", (64, 128), (16, 96, 32, 112), (16, 32), 2),  # on 16 of 32 rows
        ("pad", (4, 6000), None, (1, 32), 3),
        ("crop", (100, 12_000), None, (32, 32), 1),
        ("squash", (1, 1), None, (32, 32), 1),
    ],
)
def test_it_is_drawn_on_what_the_model_sees_under_every_rule(
    resize: str,
    size: tuple[int, int],
    lamp: tuple[int, int, int, int] | None,
    shape: tuple[int, int],
    ratio: float,
    browser: Browser,
    addresses: dict[str, str],
    tmp_path: Path,
) -> None:
    _open(browser, addresses[resize], size=(375, 812), phone=True)
    _answer(browser, _photo(tmp_path / "photo.png", lamp, size))
    _press(browser)
    browser.wait_for(ENDED)
    heat = _heat(browser)
    assert heat.shape == shape
    assert browser.evaluate(
        "document.getElementById('why-map').offsetWidth / document.getElementById('why-map').offsetHeight"
    ) == pytest.approx(ratio, rel=0.05)
    assert browser.evaluate("document.documentElement.scrollWidth") == 375
    if lamp is None:
        assert (heat == 0).all()
        return
    seen = size[1] if resize != "crop" else size[0]
    middle = ((lamp[0] + lamp[2]) / 2 / size[0], ((lamp[1] + lamp[3]) / 2 - (size[1] - seen) / 2) / seen)
    found = np.average(np.argwhere(heat >= heat.max() / 2), axis=0) + 0.5
    assert found / shape == pytest.approx(middle, abs=0.07)


def test_where_no_place_matters_it_says_so_and_shows_no_heat(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _open(browser, addresses["squash"])
    _answer(browser, _photo(tmp_path / "dark.png", None))
    _press(browser)
    browser.wait_for(ENDED)
    said = "No single place matters: whichever of the 289 is hidden, “dark” changes by less than 5 points."
    assert _text(browser, "why-text") == said
    assert (_heat(browser) == 0).all()
    assert not browser.evaluate("document.getElementById('why-scale').checkVisibility()")
    assert "Hidden were 16 " in _text(browser, "why-asked")  # a quarter of the side is nothing, nor is half of it
    assert _text(browser, "why-asked").startswith("Asked 305 times")  # 16, and then 289


def test_another_class_is_shown_of_the_same_answers_and_colours_can_be_off(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _explained(browser, addresses["squash"], _photo(tmp_path / "lamp.png"))
    asked, first = _text(browser, "why-asked"), _heat(browser)
    choose = "(() => { const list = document.getElementById('why-class'); list.selectedIndex = INDEX;"
    choose += "list.dispatchEvent(new Event('change')); return [...list.options].map((o) => o.text); })()"
    names = browser.evaluate(choose.replace("INDEX", "1"))
    assert sorted(names) == sorted(CLASSES)  # as text
    other = names.index("dark")
    browser.evaluate(choose.replace("INDEX", str(other)))
    assert _text(browser, "why-text").startswith("None of the 1,089 places speaks for “dark”. Hiding one (right)")
    heat = _heat(browser)
    assert heat.min() < -80 and heat.max() <= 0
    assert first[heat == heat.min()].min() > 0.9 * first.max()  # what costs the one helps the other
    assert _text(browser, "why-asked") == asked
    label = browser.evaluate("document.getElementById('why-map').ariaLabel")
    assert label.startswith("Heat map for “dark”")
    browser.evaluate("document.getElementById('why-colours').click()")
    assert browser.evaluate(MAP)[2] == browser.evaluate(MAP.replace("why-map", "input"))[2]
    assert not browser.evaluate("document.getElementById('why-scale').checkVisibility()")


@pytest.fixture
def slow(browser: Browser) -> Iterator[None]:
    added = browser.send("Page.addScriptToEvaluateOnNewDocument", source=SLOW)["identifier"]
    yield
    browser.send("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


@pytest.mark.usefixtures("slow")
def test_a_slow_model_is_asked_for_the_coarse_grid_and_the_button_offers_the_rest(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _explained(browser, addresses["squash"], _photo(tmp_path / "lamp.png"))
    assert _text(browser, "why-asked").startswith("Asked 16 times")
    assert _text(browser, "why-ask").startswith("Go on: ask 33 more times, about ")
    _press(browser)
    browser.wait_for("document.getElementById('why-asked').innerText.startsWith('Asked 49 times')")
    assert browser.evaluate("why.dataset.state") == "finer"
    assert _text(browser, "why-ask").startswith("Go on: ask 32 more times")


@pytest.mark.usefixtures("slow")
def test_it_stops_where_told_goes_on_from_there_and_forgets_an_earlier_picture(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    lamp, dark = _photo(tmp_path / "lamp.png"), _photo(tmp_path / "dark.png", None)
    _open(browser, addresses["squash"])
    _answer(browser, lamp)
    browser.evaluate("budget = 2")
    _press(browser)
    browser.wait_for(HELD)  # the page is free meanwhile
    assert _text(browser, "why-ask") == "Stop"
    assert browser.evaluate("document.getElementById('why-progress').value") == 2 / 16
    _press(browser)
    browser.evaluate("release()")
    browser.wait_for(ENDED)
    assert _text(browser, "why-asked").startswith("Asked 2 times")
    assert _text(browser, "why-ask").startswith("Go on: ask 14 more times")
    browser.evaluate("budget = 3")
    _press(browser)
    browser.wait_for("document.getElementById('why-asked').innerText.startsWith('Asked 5 of 16 times')")
    browser.upload("#file", dark)
    browser.evaluate("release()")
    browser.wait_for(f"{ANSWERED} && verdict.innerText.startsWith('dark') && why.dataset.state === 'idle'")
    assert not browser.evaluate("document.getElementById('why-found').checkVisibility()")
    assert _text(browser, "why-ask") == "Why? Show the places that count"
    assert browser.evaluate("document.getElementById('why-asked').textContent").startswith("Asked 5 of")  # and no more
    browser.evaluate("budget = 2")
    _press(browser)
    browser.wait_for(HELD)  # it began anew
    browser.upload("#file", lamp, dark)
    browser.evaluate("release()")
    browser.wait_for(f"{ANSWERED} && rows.rows.length === 2")
    assert not browser.evaluate("why.checkVisibility()")
    assert browser.errors == []


@pytest.mark.usefixtures("slow")
def test_the_live_camera_stops_it_and_the_picture_can_be_asked_about_afterwards(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _open(browser, addresses["squash"])
    _answer(browser, _photo(tmp_path / "lamp.png"))
    browser.evaluate("budget = 2")
    _press(browser)
    browser.wait_for(HELD)
    browser.evaluate("live.click(); release()")
    browser.wait_for("camera.open && document.getElementById('live-label').innerText")
    assert browser.evaluate("why.dataset.state") == "finer"
    browser.press("Escape", 27)
    browser.wait_for("!camera.open && video.srcObject === null")
    _press(browser)
    browser.wait_for(ENDED)
    assert _text(browser, "why-asked").startswith("Asked 16 times")
    assert "lamp" in _text(browser, "why-text")


def test_what_the_model_throws_is_said_and_it_can_be_tried_again(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _open(browser, addresses["squash"])
    _answer(browser, _photo(tmp_path / "lamp.png"))
    broken = "window.kept = Uint8Array.prototype.slice;"
    browser.evaluate(broken + "Uint8Array.prototype.slice = () => { throw new Error('no memory') }")
    _press(browser)
    browser.wait_for("why.dataset.state === 'idle' && document.getElementById('why-text').innerText.includes('memory')")
    assert _text(browser, "why-text") == "That did not work: no memory"
    browser.evaluate("Uint8Array.prototype.slice = window.kept")
    _press(browser)
    browser.wait_for(ENDED)
    assert _text(browser, "why-text").startswith("Hiding one place (right)")


def test_the_keyboard_starts_hides_and_shows_it_and_keeps_the_focus(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    _open(browser, addresses["squash"], language="id-ID")
    _answer(browser, _photo(tmp_path / "lamp.png"))
    browser.evaluate("document.getElementById('why-ask').focus()")
    for state, text, visible in (
        ("finest", "Sembunyikan peta", True),
        ("idle", "Mengapa?", False),
        ("finest", "", True),
    ):
        browser.press("Enter", 13)
        browser.wait_for(f"why.dataset.state === '{state}'")
        assert text in _text(browser, "why-ask")
        assert browser.evaluate("document.getElementById('why-found').checkVisibility()") == visible
        assert browser.evaluate("[document.activeElement.id, document.activeElement.ariaExpanded]") == [
            "why-ask",
            str(visible).lower(),
        ]
    assert "kanan" in _text(browser, "why-text")
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    assert ("group", "Mengapa jawabannya begitu") in named
    assert any(role == "image" and name.startswith("Peta panas untuk “<b>lamp</b>”") for role, name in named)
    assert ("combobox", "Untuk kelas") in named or ("comboBoxSelect", "Untuk kelas") in named
    assert ("checkbox", "Warna") in named
