"""Measure the web page against Python: pixels of real photos, and answers on 200 test images, in headless Chromium.

    .venv/bin/python benchmarks/web.py --store FOLDER [--run RUN] [--images 200]

The run must have a TensorFlow.js export and its source must still be in the store. Each image is given to the page as a
person does, through its file input; Keras' answer is the one that the run's own evaluation wrote down.
"""

import argparse
import base64
import io
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
from evergreen.images.pixels import stratified_sample
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


def compare_answers(browser: Browser, scratch: Path, photos: list[bytes], keras: list[tuple[str, float]]) -> None:
    """Print how often the page's first answer is Keras', and how long it takes."""
    right, seconds, differing = 0, [], []
    for data, (label, probability) in zip(photos, keras, strict=True):
        (scratch / "photo").write_bytes(data)
        began = time.monotonic()
        browser.evaluate("delete document.body.dataset.state")
        browser.upload("#file", scratch / "photo")
        browser.wait_for("document.body.dataset.state === 'answered'")
        seconds.append(time.monotonic() - began)
        found = browser.evaluate(SHOWN)
        right += found[0] == label
        if found[0] != label:
            differing.append(f"{label} {probability:.3f}, page {found[0]} {found[1]}")
    print(f"first answers as Keras: {right} of {len(photos)}, {right / len(photos):.1%} (bar: 99 %)")
    print(f"median {1000 * statistics.median(seconds):.0f} ms an image, from choosing it to the answer on the page")
    for line in differing:
        print(f"  {line}")


def chosen(store: Store, summary: dict[str, Any], count: int) -> tuple[list[bytes], list[tuple[str, float]]]:
    """Return test images, stratified, and Keras' label and probability for each."""
    refs = {step["name"]: store.manifest(step["output"]).ref() for step in summary["steps"]}
    table = read_table(store, refs["split"])
    sample = stratified_sample(table[table["split"] == "test"], count, SEED)
    answers = read_table(store, refs["evaluate"], "predictions.csv").set_index("path").loc[sample["path"]]
    keras = list(zip(answers["predicted"], answers["probability"].astype(float), strict=True))
    return [store.read_blob(digest) for digest in sample["sha256"]], keras


def main() -> None:
    """Print the measurements of one run's page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run")
    parser.add_argument("--images", type=int, default=200)
    given = parser.parse_args()
    store = Store(given.store.absolute())
    summary = run_summary(store, given.run)
    photos, keras = chosen(store, summary, given.images)
    with tempfile.TemporaryDirectory() as name:
        folder = write_page(store, summary["id"], Path(name) / "page")
        with server_of(folder, 0) as server, Browser() as browser:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            browser.open(f"http://127.0.0.1:{server.server_port}/")
            browser.wait_for("document.body?.dataset.state === 'ready'")
            print(f"{summary['recipe']}, run {summary['id']}, {len(photos)} test images")
            compare_answers(browser, Path(name), photos, keras)
            compare_pixels(browser, folder, photos)
            server.shutdown()


if __name__ == "__main__":
    main()
