"""Measure the web page: LiteRT.js beside TensorFlow.js, answers on 200 test images, and pixels of real photos.

    .venv/bin/python benchmarks/web.py --store FOLDER [--run RUN] [--images 200] [--turns 60]

The run must have the exports tflite-float32, tflite-int8 and tfjs, and its source must still be in the store. Each
image is given to the page as a person does, through its file input. Keras' answer is the one that the run's own
evaluation wrote down; int8 is also held against the LiteRT interpreter on the pixels that Python prepares. Both engines
are timed in one page of one headless Chromium, where they take turns, so that other work on the machine meets both.
"""

import argparse
import base64
import gzip
import io
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from chromium import Browser

from evergreen.images.door import open_image
from evergreen.images.pixels import resize, stratified_sample
from evergreen.sections.data import Image as ImageSection
from evergreen.vision.formats import tflite
from runs.answering.page_server import server_of
from runs.answering.webpage import write_page
from runs.summaries.summary import run_summary
from runs.tables import read_table
from storage.store import Store

SEED = 0
SHOWN = "[...document.querySelectorAll('#bars li span')].slice(0, 2).map((part) => part.innerText)"
OPENED = """(async () => {
  const { opened } = await import('./picture.js');
  const file = await (await fetch('photo', { cache: 'no-store' })).blob();
  const { height, width, pixels } = await opened(file);
  let text = '';
  for (let i = 0; i < pixels.length; i += 8192) text += String.fromCharCode(...pixels.subarray(i, i + 8192));
  return { height, width, pixels: btoa(text) };
})()"""


def difference(browser: Browser, folder: Path, data: bytes) -> np.ndarray | None:
    """Return |page - door| of every value of one file; None if the page gives another size."""
    (folder / "photo").write_bytes(data)
    answer = browser.evaluate(OPENED)
    found = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8)
    expected = open_image(data).pixels
    if expected.shape != (answer["height"], answer["width"], 3):
        return None
    return np.abs(found.reshape(expected.shape).astype(int) - expected)


def as_png(data: bytes, transparent: bool) -> bytes:
    """Return a photo as a PNG, with an alpha that falls from left to right if it is to be transparent."""
    picture = Image.fromarray(open_image(data).pixels)
    if transparent:
        falling = np.linspace(255, 0, picture.width).astype(np.uint8)
        picture.putalpha(Image.fromarray(np.tile(falling, (picture.height, 1))))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def compare_pixels(browser: Browser, folder: Path, photos: list[bytes]) -> None:
    """Print how far the page's pixels are from the door's: as stored, as PNG, as PNG with alpha."""
    kinds = {
        "as stored": lambda data: data,
        "as PNG": lambda data: as_png(data, False),
        "as PNG with alpha": lambda data: as_png(data, True),
    }
    for name, made in kinds.items():
        found = [difference(browser, folder, made(data)) for data in photos]
        sizes = sum(values is None for values in found)
        whole = [values for values in found if values is not None]
        equal = sum(not values.any() for values in whole)
        worst = max(float(values.mean()) for values in whole)
        most = max(int(values.max()) for values in whole)
        print(
            f"{name}: {equal} of {len(photos)} photos have equal pixels; worst mean difference {worst:.3f} of 255, "
            f"largest {most}; other size: {sizes}"
        )


BOTH = """(async () => {
  const [{ opened }, { prepared }, { loaded }] = await Promise.all(
    ['picture', 'resize', 'model'].map((name) => import(`./${name}.js`)));
  const page = await (await fetch('page.json')).json();
  const [models, inputs] = [[], []];
  for (const name of ['litert', 'wasm']) models.push(await loaded(page.models, page.image, () => {}, name));
  for (const { file } of page.samples) {
    inputs.push(prepared(await opened(await (await fetch(file)).blob()), page.image));
  }
  globalThis.both = async (turn) => {
    const times = [0, 0];
    for (const which of turn % 2 ? [1, 0] : [0, 1]) {
      const start = performance.now();
      await models[which].scores(inputs[turn % inputs.length]);
      times[which] = performance.now() - start;
    }
    return times;
  };
})()"""
FETCHED = """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(
  ({ name, encodedBodySize }) => [new URL(name).pathname.slice(1) || 'index.html', encodedBodySize])"""
READY = "document.body?.dataset.state === 'ready'"


def compare_speed(browser: Browser, turns: int) -> None:
    """Print both engines' medians of one image, in turns, and their ratio."""
    browser.evaluate(BOTH)
    times = np.array([browser.evaluate(f"both({turn})") for turn in range(turns)])
    lite, graph = np.median(times, axis=0)
    print(
        f"median of {turns} turns: LiteRT.js {lite:.1f} ms, TensorFlow.js {graph:.1f} ms, {lite / graph:.2f}x (bar 0.5)"
    )


def compare_downloads(browser: Browser, address: str, folder: Path) -> None:
    """Print what a first visit fetches for either engine, without samples: as it lies, and gzipped by the host."""
    found = {}
    browser.send("Network.setBypassServiceWorker", bypass=True)
    browser.send("Network.setCacheDisabled", cacheDisabled=True)
    for engine in ("litert", "wasm"):
        browser.open(f"{address}?backend={engine}")
        browser.wait_for(READY, 120)
        entries = [(name, size) for name, size in browser.evaluate(FETCHED) if not name.startswith("samples/")]
        packed = [min(size, len(gzip.compress((folder / name).read_bytes(), 6))) for name, size in entries]
        found[engine] = (sum(size for _, size in entries), sum(packed))
    browser.send("Network.setBypassServiceWorker", bypass=False)
    browser.send("Network.setCacheDisabled", cacheDisabled=False)
    for kind, index in (("as it lies", 0), ("gzipped by the host", 1)):
        lite, graph = (found[engine][index] for engine in ("litert", "wasm"))
        share = lite / graph
        print(f"download, {kind}: {lite / 1e6:.1f} and {graph / 1e6:.1f} MB, {share:.2f}x (bar 0.55)")


def compare_answers(browser: Browser, scratch: Path, photos: list[bytes], expected: dict[str, list[str]]) -> None:
    """Print how often the page's first answer is that of others, and how long it takes."""
    found, seconds = [], []
    for data in photos:
        (scratch / "photo").write_bytes(data)
        began = time.monotonic()
        browser.evaluate("delete document.body.dataset.state")
        browser.upload("#file", scratch / "photo")
        browser.wait_for("document.body.dataset.state === 'answered'")
        seconds.append(time.monotonic() - began)
        found.append(browser.evaluate(SHOWN)[0])
    backend = browser.evaluate("document.getElementById('device-engine').innerText")
    for name, labels in expected.items():
        same = sum(mine == theirs for mine, theirs in zip(found, labels, strict=True))
        print(f"{backend}: first answers as {name}: {same} of {len(photos)}, {same / len(photos):.1%} (bar: 99 %)")
    print(f"  median {1000 * statistics.median(seconds):.0f} ms an image, from choosing it to the answer on the page")


def interpreter(folder: Path, photos: list[bytes]) -> list[str]:
    """Return the LiteRT interpreter's first answers of a page's TFLite file, for the pixels that Python prepares."""
    page = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    model = next(model for model in page["models"] if model["engine"] == "litert")
    image = ImageSection(**page["image"])
    batch = np.stack([resize(open_image(data).pixels, image) for data in photos])
    scores = tflite.open_predictor((folder / model["address"]).parent)(batch)
    return [page["classes"][index] for index in scores.argmax(axis=1)]


def chosen(store: Store, summary: dict[str, Any], count: int) -> tuple[list[bytes], list[str]]:
    """Return test images, stratified, and Keras' label for each."""
    refs = {step["name"]: store.manifest(step["output"]).ref() for step in summary["steps"]}
    table = read_table(store, refs["split"])
    sample = stratified_sample(table[table["split"] == "test"], count, SEED)
    answers = read_table(store, refs["evaluate"], "predictions.csv").set_index("path").loc[sample["path"]]
    return [store.read_blob(digest) for digest in sample["sha256"]], list(answers["predicted"])


def main() -> None:
    """Print the measurements of one run's page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--turns", type=int, default=60)
    given = parser.parse_args()
    store = Store(given.store.absolute())
    summary = run_summary(store, given.run)
    photos, keras = chosen(store, summary, given.images)
    print(f"{summary['recipe']}, run {summary['id']}, {len(photos)} test images")
    with tempfile.TemporaryDirectory() as name, Browser() as browser:
        for shown in ("tflite-int8", "tflite-float32"):
            folder = write_page(store, summary["id"], Path(name) / shown, (shown, "tfjs"))
            with server_of(folder, 0) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                browser.open(f"{server.address}?backend=litert")
                browser.wait_for(READY, 120)
                expected = {"Keras": keras}
                if shown == "tflite-int8":
                    expected["the LiteRT interpreter"] = interpreter(folder, photos)
                compare_answers(browser, Path(name), photos, expected)
                compare_speed(browser, given.turns)
                compare_downloads(browser, server.address, folder)
                server.shutdown()
        with server_of(with_photo(folder), 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            browser.open(f"{server.address}?backend=wasm")
            browser.wait_for(READY, 120)
            compare_answers(browser, Path(name), photos, {"Keras": keras})
            compare_pixels(browser, folder, photos)
            server.shutdown()


def with_photo(folder: Path) -> Path:
    """Return a page's folder, with the file through which photos are given to its modules."""
    (folder / "photo").touch()
    return folder


if __name__ == "__main__":
    main()
