"""Which release is meant as a challenger, and which requests it answers itself."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from evergreen.errors import BadInput
from runs.releases import find_release, recipe_of
from storage.errors import StoreError
from storage.runs import read_summary
from storage.store import Store

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%\Z")
_ALL = 2**64


def challengers(store: Store, refs: Iterable[str]) -> dict[str, str]:
    """Return the recipe and the release of each challenger, one of a recipe.

    Args:
        store: where they are.
        refs: ids of runs, or 6 digits or more of the digest of a release or of a model in one.

    Raises:
        BadInput: one means no release, or two are of one recipe.
    """
    found: dict[str, str] = {}
    for ref in refs:
        release = _release(store, ref)
        recipe = recipe_of(store, release)
        if recipe in found:
            raise BadInput(f"expected one challenger of a recipe, received two of {recipe}: {ref} is the second")
        found[recipe] = release
    return found


def _release(store: Store, ref: str) -> str:
    if summary := read_summary(store, ref):
        made = [step["output"] for step in summary["steps"] if step["name"] == "bundle" and step["output"]]
        if not made:
            raise BadInput(f"run {ref} ended before it had a release: name one that did not")
        return str(made[0])
    try:
        return find_release(store, ref)
    except StoreError as error:
        raise BadInput(str(error)) from error


def share(text: str) -> float:
    """Return a share of the requests, above 0 and below 1, from its words, such as ``10%``.

    Raises:
        BadInput: it is none.
    """
    found = _PERCENT.match(text.strip())
    value = float(found[1]) / 100 if found else 0.0
    if not 0 < value < 1:
        raise BadInput(f"expected a share of the requests, above 0% and below 100%, such as 10%; received {text!r}")
    return value


def is_drawn(release: str, image: bytes, of: float) -> bool:
    """Whether an image is among the share that a release answers: the same image always is, or never.

    The draw is SHA-256 of the release's digest and the image's, so another challenger draws other images.
    """
    drawn = hashlib.sha256(release.encode() + hashlib.sha256(image).digest()).digest()
    return int.from_bytes(drawn[:8], "big") < of * _ALL


def canary(
    releases: Mapping[str, str], of: float, champion: Callable[[str], str]
) -> Callable[[str, Sequence[bytes]], str | None]:
    """Return what chooses who answers a request: the challenger or, as None, the champion.

    All images of a request are answered by one release: its first image decides. A challenger that became champion
    is none any more.

    Args:
        releases: recipe -> the challenger.
        of: the share of the images that it answers.
        champion: returns the release that is the champion of a recipe.
    """

    def choose(recipe: str, images: Sequence[bytes]) -> str | None:
        release = releases.get(recipe)
        if release is None or not images or release == champion(recipe):
            return None
        return release if is_drawn(release, images[0], of) else None

    return choose
