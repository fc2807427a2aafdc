"""What must hold of every page of ours: its pictures are pictures, with and without a browser."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from chromium import Browser
from PIL import Image

# A picture is decoded also where it stands in a closed <details>, or far below.
_BROKEN = """(async () => {
  const broken = [];
  for (const image of document.images) {
    image.loading = 'eager';
    await image.decode().catch(() => {});
    if (!(image.complete && image.naturalWidth > 0)) broken.push(image.alt || image.src.slice(0, 80));
  }
  return broken;
})()"""


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        sources = [value for value in (named.get("src"), named.get("srcset")) if value is not None]
        assert tag != "img" or sources, attrs
        self.addresses += [value for value in sources if tag in ("img", "source")]


def pictures_of(page: str) -> list[tuple[str, tuple[int, int]]]:
    """Return format and size of every picture that a page, HTML or Markdown, holds; raise if one is no picture."""
    found = _Pictures()
    found.feed(page)
    addresses = found.addresses + re.findall(r"!\[[^]]*\]\(([^)]*)\)", page)
    assert page.count("data:image/") == len(addresses), "a data: address outside <img>, <source> and ![]()"
    return [_decoded(address) for address in addresses]


def _decoded(address: str) -> tuple[str, tuple[int, int]]:
    matched = re.fullmatch(r"data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/=]+)", address)
    assert matched, f"no data: address of a picture: {address[:80]}"
    with Image.open(io.BytesIO(base64.b64decode(matched[2], validate=True))) as picture:
        picture.load()
        assert picture.format == matched[1].upper()
        return matched[1], picture.size


def svg_of(text: str) -> ElementTree.Element:
    """Return a drawing of ours as a tree of elements; raise if it is not well-formed."""
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def check_pictures(browser: Browser) -> None:
    """Every picture of the page that is open loaded; there is one at least."""
    assert browser.evaluate("document.images.length") > 0
    assert browser.evaluate(_BROKEN) == []


def check_in(browser: Browser, path: Path) -> None:
    """Open a page on a context and, dark, on a phone: all pictures load, nothing is wider than the screen, no error."""
    for size, phone, dark in (((1280, 900), False, False), ((390, 844), True, True)):
        browser.open(path.as_uri(), size=size, phone=phone, dark=dark)
        browser.wait_for(f"location.href === {path.as_uri()!r} && document.readyState === 'complete'")
        check_pictures(browser)
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert browser.errors == []
