"""The page of a real run, in a real browser: inputs, answers, languages, backends, and who can use it."""

import csv
import io
import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser
from command import Command
from pages import check_pictures

from evergreen.reports.browser import webpage
from evergreen.reports.predictions import Prediction, write_csv
from runs.answering import page_server
from runs.answering.page_server import server_of
from runs.tables import read_table
from storage.store import Store

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ANSWERED = "document.body?.dataset.state === 'answered'"
KEPT = "document.getElementById('device-kept').innerText.startsWith('Yes')"
CAUTION = {"kind": "noChampion", "words": "digits has no champion"}
BARS = (
    "[...document.querySelectorAll('#bars li')].map((bar) => [...bar.querySelectorAll('span')].map((s) => s.innerText))"
)
# What the page's own modules answer for each sample: label and probability.
ANSWERS = """(async () => {
  const [{ opened }, { prepared }, { loaded }] = await Promise.all(
    ['picture', 'resize', 'model'].map((name) => import(`./${name}.js`)));
  const page = await (await fetch('page.json')).json();
  const model = await loaded(page.models, page.image, () => {}, WANTED);
  const answers = [];
  for (const { file } of page.samples) {
    const picture = await opened(await (await fetch(file)).blob());
    const scores = await model.scores(prepared(picture, page.image));
    const best = Math.max(...scores);
    answers.push([page.classes[scores.indexOf(best)], best]);
  }
  return answers;
})()"""
LOWEST_BUTTON = """Math.min(
  ...[...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).map((b) => b.offsetHeight))"""
# The least contrast of any text with what is behind it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRAST = """(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.slice(0, 3).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
  };
  const texts = [...document.body.querySelectorAll('*')].filter(
    (e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((element) => {
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
})()"""


@pytest.fixture(scope="module")
def unsure(web_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same page, of a model whose answers are seldom sure, and that nobody promoted."""
    path = tmp_path_factory.mktemp("unsure") / "page"
    shutil.copytree(web_folder, path)
    page = json.loads((path / "page.json").read_text())
    (path / "page.json").write_text(
        json.dumps(page | {"unsure": {"below": 1.0, "precision": 0.95}, "caution": CAUTION})
    )
    return path


def _serving(path: Path) -> Iterator[str]:
    with server_of(path, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def address(web_folder: Path) -> Iterator[str]:
    yield from _serving(web_folder)


@pytest.fixture(scope="module")
def unsure_address(unsure: Path) -> Iterator[str]:
    yield from _serving(unsure)


def _open(browser: Browser, address: str, **settings: Any) -> None:
    # An earlier page, which may be ready too, is still there for a moment after the browser was told to go on.
    browser.evaluate("document.body?.setAttribute('data-state', 'left')")
    browser.open(address, **settings)
    browser.wait_for("document.body?.dataset.state === 'ready'")


def _sample(folder: Path, number: int) -> Path:
    return next((folder / "samples").glob(f"{number:02}-*.png"))


def _verdict(browser: Browser) -> list[str]:
    return str(browser.evaluate("document.getElementById('verdict').innerText")).split("\n\n")


def test_an_uploaded_image_is_answered_with_five_bars_and_the_time(
    browser: Browser, address: str, web_folder: Path
) -> None:
    _open(browser, address)
    browser.upload("#file", _sample(web_folder, 3))
    browser.wait_for(ANSWERED)
    bars = browser.evaluate(BARS)
    assert len(bars) == 5
    assert {label for label, _ in bars} <= set(NAMES)
    assert all(share.endswith("%") for _, share in bars)
    assert _verdict(browser) == bars[0]
    assert "ms in the model (LiteRT.js, wasm)" in browser.evaluate("document.getElementById('took').innerText")
    assert browser.evaluate("[picture.width, picture.height, input.width, input.height]") == [8, 8, 16, 16]
    check_pictures(browser)  # the samples
    assert not browser.evaluate("document.getElementById('caution').checkVisibility()")
    assert browser.errors == []


@pytest.mark.parametrize(("wanted", "most"), [("litert", 0.05), ("wasm", 1e-3)])  # 8 bits, and 32
def test_every_sample_gets_keras_own_answer_and_its_truth(
    wanted: str,
    most: float,
    browser: Browser,
    address: str,
    web_folder: Path,
    evergreen: Command,
    first: dict[str, Any],
) -> None:
    _open(browser, address)
    samples = json.loads((web_folder / "page.json").read_text())["samples"]
    shown = browser.evaluate(ANSWERS.replace("WANTED", f"'{wanted}'"))
    store = Store(evergreen.root)
    outputs = {step["name"]: store.manifest(step["output"]).ref() for step in first["steps"]}
    keras = read_table(store, outputs["evaluate"], "predictions.csv").set_index("path")
    table = webpage.choose_samples(read_table(store, outputs["split"]), NAMES)
    assert [entry["label"] for entry in samples] == table["label"].tolist()
    assert [label for label, _ in shown] == keras["predicted"][table["path"]].tolist()
    probabilities = keras["probability"][table["path"]].astype(float).tolist()
    assert [probability for _, probability in shown] == pytest.approx(probabilities, abs=most)
    browser.evaluate("document.querySelectorAll('#sample-list button')[2].click()")
    browser.wait_for(ANSWERED)
    right = shown[2][0] == samples[2]["label"]
    assert _verdict(browser)[-1] == f"{'Right' if right else 'Wrong'}: it is {samples[2]['label']}."


def test_pictures_can_be_dropped_pasted_and_photographed(browser: Browser, address: str) -> None:
    def files(event: str, option: str) -> str:
        return (
            "(async () => { const data = new DataTransfer(); "
            "const blob = await (await fetch(document.querySelectorAll('#sample-list img')[4].src)).blob();"
            f" data.items.add(new File([blob], 'a.png')); document.dispatchEvent(new {event}, {{ {option}: data,"
            " bubbles: true, cancelable: true })); })()"
        )

    for expression in (files("DragEvent('drop'", "dataTransfer"), files("ClipboardEvent('paste'", "clipboardData")):
        _open(browser, address)
        browser.evaluate(expression)
        browser.wait_for(ANSWERED)
        assert len(browser.evaluate(BARS)) == 5
    _open(browser, address)
    browser.evaluate("photograph.click()")
    browser.wait_for("camera.open && video.videoWidth > 0")
    browser.evaluate("shoot.click()")
    browser.wait_for(ANSWERED)
    assert browser.evaluate("[camera.open, video.srcObject, picture.width > 100]") == [False, None, True]


def test_what_is_no_picture_is_said_so_and_the_page_goes_on(
    browser: Browser, address: str, web_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.png").write_text("<html>")
    _open(browser, address)
    browser.upload("#file", tmp_path / "page.png")
    browser.wait_for("document.body.dataset.state === 'failed'")
    assert _verdict(browser) == ["This browser cannot read that file as a picture."]
    browser.upload("#file", _sample(web_folder, 1))
    browser.wait_for(ANSWERED)


def test_an_unsure_answer_is_called_so_also_in_indonesian(browser: Browser, unsure_address: str) -> None:
    for language, words in (("en-GB", ("Unsure", "Perhaps ", "95%")), ("id-ID", ("Ragu", "Mungkin ", "95%"))):
        _open(browser, unsure_address, language=language)
        browser.evaluate("document.querySelector('#sample-list button').click()")
        browser.wait_for(ANSWERED)
        said = _verdict(browser)
        assert (said[0], said[1][: len(words[1])]) == words[:2]
        assert words[2] in said[2]
        assert browser.evaluate("document.documentElement.lang") == language[:2]
        assert len(browser.evaluate(BARS)) == 5
        caution = browser.evaluate("document.getElementById('caution').checkVisibility() && caution.innerText")
        assert caution.startswith({"en-GB": "Caution: no model", "id-ID": "Perhatian: belum"}[language])


def test_where_litert_js_or_webassembly_does_not_start_another_backend_answers(browser: Browser, address: str) -> None:
    browser.send("Network.setBypassServiceWorker", bypass=True)  # which keeps what is blocked here
    try:
        for blocked, backend in ((["*.wasm.gz"], "TensorFlow.js, wasm"), (["*.wasm*"], "TensorFlow.js, webgl")):
            browser.send("Network.setBlockedURLs", urls=blocked)
            _open(browser, address)
            browser.evaluate("document.querySelector('#sample-list button').click()")
            browser.wait_for(ANSWERED)
            assert f"({backend})" in browser.evaluate("took.innerText")
            assert browser.evaluate("document.getElementById('device-fallback').innerText").startswith("LiteRT.js: ")
    finally:
        browser.send("Network.setBlockedURLs", urls=[])
        browser.send("Network.setBypassServiceWorker", bypass=False)
    _open(browser, f"{address}?backend=cpu")
    browser.evaluate("document.querySelector('#sample-list button').click()")
    browser.wait_for(ANSWERED)
    assert "(TensorFlow.js, cpu)" in browser.evaluate("took.innerText")


@pytest.mark.parametrize(
    ("lacking", "backend", "file"),
    [("RELAXED", "LiteRT.js, wasm", "_compat_internal.wasm.gz"), ("SIMD", "TensorFlow.js, wasm", "tfjs-backend-wasm")],
    ids=["relaxed SIMD", "SIMD"],
)
def test_a_browser_without_simd_gets_what_it_can_run(
    lacking: str, backend: str, file: str, browser: Browser, address: str
) -> None:
    """A browser's own answer to whether it knows an instruction, turned to no."""
    refuses = "bytes.length > 33" if lacking == "RELAXED" else "bytes.length < 60"
    script = (
        "const valid = WebAssembly.validate;"
        f"WebAssembly.validate = (bytes) => !(({refuses}) && bytes.length < 60) && valid.call(WebAssembly, bytes);"
    )
    added = browser.send("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        _open(browser, address)
        assert browser.evaluate("document.getElementById('device-engine').innerText").startswith(backend)
        fetched = browser.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert any(file in name for name in fetched)
    finally:
        browser.send("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


def test_several_pictures_become_a_list_and_the_csv_that_predict_writes(
    browser: Browser, address: str, web_folder: Path, tmp_path: Path
) -> None:
    names = ["=sum(1,2).png", 'a "b",c.png', "plain.png"]
    for name, number in zip(names, (1, 4, 8), strict=True):
        shutil.copyfile(_sample(web_folder, number), tmp_path / name)
    (tmp_path / "-none.png").write_text("<html>")
    _open(browser, address)
    browser.upload("#file", *(tmp_path / name for name in [*names, "-none.png"]))
    browser.wait_for(f"{ANSWERED} && !csv.hidden")
    rows = browser.evaluate("[...rows.rows].map((row) => [...row.cells].map((cell) => cell.innerText))")
    page = json.loads((web_folder / "page.json").read_text())
    assert [row[0] for row in rows] == [*names, "-none.png"]
    assert [row[1].removesuffix(" (Unsure)") for row in rows[:3]] == [
        page["samples"][index]["label"] for index in (0, 3, 7)
    ]
    assert rows[3][1] == "This browser cannot read that file as a picture."
    assert browser.evaluate("document.getElementById('several-state').innerText") == (
        "4 of 4 answered. 1 could not be used."
    )
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "got"))
    browser.evaluate("csv.click()")
    file = tmp_path / "got/answers.csv"
    deadline = time.monotonic() + 30
    while not file.is_file():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    text = file.read_text(encoding="utf-8")
    found = list(csv.DictReader(io.StringIO(text)))
    predictions = [
        Prediction(
            name,
            tuple((row[f"label{rank}"], float(row[f"probability{rank}"])) for rank in ("", "_2", "_3") if row["label"]),
            {"yes": True, "no": False, "": None}[row["unsure"]],
            error=row["error"],
        )
        for name, row in zip([*names, "-none.png"], found, strict=True)
    ]
    expected = io.StringIO()
    write_csv(predictions, expected, 3)
    assert text == expected.getvalue()
    assert [row["image"] for row in found] == ["./=sum(1,2).png", 'a "b",c.png', "plain.png", "./-none.png"]


def test_the_camera_answers_live_until_it_is_closed(browser: Browser, address: str) -> None:
    _open(browser, address)
    browser.evaluate("live.click()")
    label = browser.wait_for("document.getElementById('live-label').innerText").removeprefix("Unsure: ")
    assert label in NAMES
    assert browser.evaluate("document.getElementById('live-share').innerText").endswith("%")
    assert browser.evaluate("[shoot.checkVisibility(), document.getElementById('camera-heading').innerText]") == [
        False,
        "Live camera",
    ]
    browser.press("Escape", 27)
    browser.wait_for("!camera.open && video.srcObject === null")
    assert browser.errors == []


def test_opened_once_it_answers_without_a_network_and_a_newer_page_takes_its_place(
    browser: Browser, web_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "page"
    shutil.copytree(web_folder, path)
    server = server_of(path, 0)
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        _open(browser, server.address)
        browser.wait_for(KEPT)
        server.shutdown()
    _open(browser, server.address)  # of nobody now
    browser.evaluate("document.querySelector('#sample-list button').click()")
    browser.wait_for(ANSWERED)
    assert len(browser.evaluate(BARS)) == 5
    page = json.loads((path / "page.json").read_text())
    (path / "page.json").write_text(json.dumps(page | {"title": "A newer one"}))
    text = (path / "sw.js").read_text()
    (path / "sw.js").write_text(text.replace('"version": "', '"version": "newer-', 1))
    with server_of(path, server.server_port) as again:
        threading.Thread(target=again.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        browser.open(server.address)
        browser.wait_for("document.title === 'A newer one' && document.body?.dataset.state === 'ready'")
        keys = browser.evaluate("caches.keys()")
        assert [key.split()[-1][:6] for key in keys] == ["newer-"]
        again.shutdown()
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("<title>Another program</title><link rel=stylesheet href=style.css>")
    (other / "style.css").write_text("body { color: rgb(1, 2, 3) }")
    with server_of(other, server.server_port) as another:  # what comes to this address next is not hidden by it
        threading.Thread(target=another.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        browser.open(server.address)
        browser.wait_for("document.title === 'Another program' && document.readyState === 'complete'")
        assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(1, 2, 3)"
        assert browser.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
        another.shutdown()


def test_without_https_the_page_says_what_is_off_and_a_phone_still_takes_photos(browser: Browser, address: str) -> None:
    script = (
        "Object.defineProperty(window, 'isSecureContext', { value: false });"
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
    )
    added = browser.send("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        _open(browser, address, phone=True, size=(390, 844))
        off, kept = (
            browser.evaluate(f"document.getElementById('device-{name}').innerText") for name in ("off", "kept")
        )
        assert "live camera" in off and "--tls" in off
        assert kept.startswith("No: this browser keeps pages only over https")
        assert browser.evaluate("[photograph, live].map((button) => button.checkVisibility())") == [True, False]
        assert browser.evaluate("[capture.getAttribute('capture'), capture.accept]") == ["environment", "image/*"]
    finally:
        browser.send("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


def test_where_a_network_can_reach_it_the_page_shows_its_address_and_code(
    browser: Browser, web_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_server, "_reached", lambda *_: "192.168.7.7")
    with server_of(web_folder, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        _open(browser, server.address)
        browser.wait_for("document.getElementById('phone-code')?.naturalWidth > 0")
        assert browser.evaluate("document.getElementById('phone-link').href") == server.phone
        assert browser.evaluate("document.getElementById('phone-code').alt") == "QR code of the address below"
        server.shutdown()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, address: str) -> None:
    _open(browser, address)
    reached = []
    for _ in range(5):
        browser.press("Tab", 9)
        reached.append(browser.evaluate("document.activeElement.id || document.activeElement.innerText"))
    assert reached == ["choose", "photograph", "live", "paste", "zero"]
    assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter", 13)
    browser.wait_for(ANSWERED)
    assert browser.evaluate("document.activeElement.innerText") == "zero"  # the focus stays where it was


@pytest.mark.parametrize("dark", [False, True])
def test_a_screen_reader_hears_names_and_the_answer_and_text_can_be_read(
    browser: Browser, unsure_address: str, dark: bool
) -> None:
    _open(browser, unsure_address, dark=dark, size=(320, 640), phone=True)
    browser.evaluate("document.querySelectorAll('#sample-list button')[1].click()")
    browser.wait_for(ANSWERED)
    browser.evaluate("document.getElementById('why-ask').click()")
    browser.wait_for("why.dataset.state === 'finest'")  # the digits' model is quick
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value")) for node in nodes if not node["ignored"]]
    assert all(name for role, name in named if role in ("button", "heading", "image", "region", "dialog"))
    assert ("button", "Choose pictures") in named
    assert ("image", "The picture that you gave") in named
    assert [name for role, name in named if role == "region"] == [
        "Picture", "Answer", "Pictures from the test set", "On this device", "Model card",
    ]  # fmt: skip
    assert browser.evaluate("[verdict.role, verdict.ariaLive, verdict.ariaAtomic]") == ["status", "polite", "true"]
    assert browser.evaluate(CONTRAST) >= 4.5
    assert browser.evaluate("document.documentElement.scrollWidth") == 320
    assert browser.evaluate(LOWEST_BUTTON) >= 44
