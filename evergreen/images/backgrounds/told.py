"""What was done to the backgrounds of training images, in words. Imports no library."""

from collections.abc import Mapping
from typing import Any

from evergreen.sections.background import IMAGES, MOST_PHOTOS


def words(facts: Mapping[str, Any]) -> str:
    """Say in one line how many images are given other backgrounds, and which.

    Args:
        facts: as ``Backgrounds.facts`` returns them.
    """
    images, uniform = facts["images"], facts["uniform"]
    if not uniform:
        return (
            f"augment.background replaces nothing: none of {images:,} training images has a background that is uniform "
            "enough to be cut out"
        )
    of = f"{uniform:,} of {images:,} training images ({uniform / images:.0%}) have a uniform background"
    rest = "" if uniform == images else "; the others pass as they are"
    lent = ""
    if IMAGES in facts["with"] and uniform == images:
        lent = "; all are uniform, so what images lend each other is of one colour too"
    left_out = [
        f"; of {folder} {len(found['left_out'])} files are no photos and {found['beyond']} come after the first "
        f"{MOST_PHOTOS}: not used"
        for folder, found in facts["photos"].items()
        if found["left_out"] or found["beyond"]
    ]
    by = ", ".join(facts["with"])
    return f"{of}, replaced in {facts['replace']:.0%} of their views by {by}{rest}{lent}{''.join(left_out)}"
