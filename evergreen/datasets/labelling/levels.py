"""Which folder names the class: the first below the root or the subset, unless that can be read in another way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.names import key, tidy
from evergreen.datasets.labelling.subsets import WORDS, Place, words_of
from evergreen.datasets.labelling.tree import text_of
from evergreen.datasets.labelling.words import some
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair

Level = int | Literal["leaf"]

# A first-level folder of such a name holds a variant of the pictures, or a part of the work, rather than a class.
_VARIANTS = {
    *("original", "originals", "raw", "resized", "standardized", "standardised", "augmented", "aug", "processed"),
    *("preprocessed", "cropped", "masks", "normalized", "normalised", "grayscale", "greyscale", "rgb", "depth"),
    *("images", "segmented", "segmentation", "segmentations"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("january", "february", "april", "june", "july", "august", "september", "october", "november", "december"),
}
# The same, if a number follows: fold1, part_2, Dataset 3.
_NUMBERED = {
    *("fold", "part", "batch", "session", "day", "week", "month", "year", "camera", "cam", "device", "version", "v"),
    *("dataset", "set", "group", "person", "subject", "user", "patient", "split"),
}
_SIZES = "32|48|64|96|128|150|160|192|224|240|256|299|320|331|384|448|480|512|640|768|1024"
_SIZE = re.compile(rf"({_SIZES})|\d{{2,4}}(px|p|x\d{{2,4}}(px)?)|(19|20)\d\d")
_SOME = 4
_MOST_LEVELS = 4
_NAMES = re.compile(r"[\s_.-]+")


@dataclass
class Levels:
    """Decides which folder names the class.

    Attributes:
        places: labelled folders of images.
        settings: what the recipe says.
        noted: what was found, in words.
    """

    places: Sequence[Place]
    settings: Repair
    noted: list[str] = field(default_factory=list)

    def level(self) -> Level:
        """Return the level, counted from 1, below the root or the subset.

        Raises:
            Doubt: several make sense.
        """
        if self.settings.level is not None:
            return 1 if self.settings.level == "first" else self.settings.level
        declared = {key(name) for name in self.settings.classes}
        depths = {depth for place in self.places for depth, name in enumerate(place.parts, 1) if key(name) in declared}
        if len(depths) == 1:
            return depths.pop()
        self._ask_about_subsets()
        self._judge()
        return 1

    def _ask_about_subsets(self) -> None:
        """Ask where folders lie both above a subset and below it: ``bottle/train/good``."""
        both = [place for place in self.places if 0 < place.depth < len(place.parts)]
        if both:
            example = both[0]
            above, below = example.parts[example.depth - 1], example.parts[example.depth]
            raise Doubt(
                f"the folder {text_of(example.folder)!r} has folders above its subset and below it: "
                f"{above!r} or {below!r} could be the class",
                self._readings(),
            )

    def _judge(self) -> None:
        own = {place.parts[0] for place in self.places if len(place.parts) == 1}
        inside: dict[str, dict[str, str]] = {}
        deeper: set[str] = set()
        for place in self.places:
            if len(place.parts) > 1:
                deeper.add(place.parts[1])
                inside.setdefault(place.parts[0], {})[key(place.parts[1])] = place.parts[1]
        hollow = {name: children for name, children in inside.items() if name not in own}
        renamed = set(map(tidy, self.settings.rename))
        hollow = {name: children for name, children in hollow.items() if tidy(name) not in renamed}
        unclear = [name for name, children in hollow.items() if not self._are_groups(name, children, hollow)]
        if unclear:
            raise Doubt(self._unclear(unclear, hollow, own), self._readings(unclear if own else ()))
        variants = [name for name in hollow if _is_variant(name)]
        nested = self._nested(hollow)
        if nested and not variants:
            raise Doubt(
                f"{some(hollow)} hold one folder each, {nested!r}, which holds folders: {some(self._leaves())}. The "
                "class could be the outer folder or the innermost one",
                self._readings(),
            )
        if variants:
            raise Doubt(
                f"{some(variants)} could be variants or parts of one set of pictures, and {some(deeper)} in them "
                "the classes; or the other way round",
                [*self._readings(), *self._without(variants)],
            )
        if deeper:
            self.noted.append(
                f"folders inside classes are groups of pictures, no classes: {some(deeper)}; to make them the "
                "classes: repair.level: leaf"
            )

    def _are_groups(self, name: str, children: Collection[str], hollow: dict[str, dict[str, str]]) -> bool:
        others = [set(other) for beside, other in hollow.items() if beside != name]
        if not others:  # nothing to compare with: certain only if every reading gives the same
            return self._same_either_way({name: dict.fromkeys(children, "")})
        return all(set(children) <= other for other in others) or self._same_either_way(hollow)

    def _nested(self, hollow: dict[str, dict[str, str]]) -> str:
        """Return the one folder that all outer ones hold, if it only leads on: Google Photos in Takeout 1 and 2."""
        inner = {key: name for children in hollow.values() for key, name in children.items()}
        if len(inner) != 1 or any(len(place.parts) == 2 for place in self.places if place.parts[0] in hollow):
            return ""
        return next(iter(inner.values()))

    def _leaves(self) -> list[str]:
        return sorted({place.parts[-1] for place in self.places})

    def _same_either_way(self, hollow: dict[str, dict[str, str]]) -> bool:
        """Whether each such folder holds one folder, of its own name: ``cat/cat``, ``dog/dog``."""
        deeper = {place.parts[0] for place in self.places if len(place.parts) > 2}
        return all(set(children) == {key(name)} and name not in deeper for name, children in hollow.items())

    def _unclear(self, unclear: Sequence[str], hollow: dict[str, dict[str, str]], own: Collection[str]) -> str:
        shown = "; ".join(f"{name}/ holds {some(sorted(hollow[name].values()))}" for name in unclear[:_SOME])
        more = f"; and {len(unclear) - _SOME:,} more such folders" if len(unclear) > _SOME else ""
        beside = f", beside {some(sorted(own))} with images themselves" if own else ""
        return (
            f"expected folders that are classes, or that hold the same folders each, received folders of folders that "
            f"differ: {shown}{more}{beside}. The class could be the outer folder or the inner one"
        )

    def _readings(self, away: Iterable[str] = ()) -> list[Reading]:
        deepest = min(max(len(place.parts) for place in self.places), _MOST_LEVELS)
        some = [Reading("the first folder is the class", {"level": "first"})]
        some += [Reading(f"the folder at level {level} is the class", {"level": level}) for level in range(2, deepest)]
        some.append(Reading("the folder that holds the images is the class", {"level": "leaf"}))
        if joined := self._joined():
            some.append(Reading("both folders together are the class", {"rename": joined}))
        return some + self._without(away)

    def _without(self, names: Iterable[str]) -> list[Reading]:
        return [leaving_out(f"{name} does not belong to it", self.settings, [name]) for name in list(names)[:_SOME]]

    def _joined(self) -> dict[str, str]:
        """Return {path: both names} where an inner name stands under several: Tomato/healthy, Potato/healthy."""
        pairs = {place.parts[:2] for place in self.places if len(place.parts) == 2}
        names = Counter(key(inner) for _, inner in pairs)
        if max(names.values(), default=0) < 2 or len(pairs) > 3 * _SOME:
            return {}
        return dict(self.settings.rename) | {
            f"{outer}/{inner}": f"{tidy(outer)} {tidy(inner)}" for outer, inner in pairs
        }


def class_of(place: Place, level: Level) -> tuple[str, tuple[str, ...]] | None:
    """Return the name of the folder that names the class, and the names of its groups; None if there is no such."""
    depth = len(place.parts) if level == "leaf" else level
    if place.subset == UNLABELLED or not place.parts or depth > len(place.parts):
        return None
    return place.parts[depth - 1], place.parts[depth:]


def _is_variant(name: str) -> bool:
    words = [word for word in _NAMES.split(name.lower()) if word]
    split = words_of(name)
    numbered = any(word in _NUMBERED and after.isdecimal() for word, after in pairwise(split))
    sized = any(map(_SIZE.fullmatch, words)) and (
        len(words) > 1 or not name.strip().isdecimal() or len(name.strip()) == 4
    )
    return numbered or sized or any(word in _VARIANTS or word in WORDS for word in (*words, *split))
