"""What of a recipe answers to what its model leans on: training images that are changed as the judged ones were.

A network that saw a change while it learned loses less by it (Hendrycks and Dietterich 2019, arXiv:1903.12261; for
noise Rusak et al. 2020, arXiv:2001.06057). So each change of ``judging.shortcuts`` has a field of ``augment`` here, and
two strengths: the first reaches to twice what the images are judged by, the second twice as far. Where both were on and
did not suffice, no third is tried: more of it would cost accuracy, and something else is amiss.

RandAugment keeps to its own operations: a field beside it reaches where its strength does not. A magnitude is replaced
by what it stands for where a field that it sets must be another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evergreen.sections.augment import Augment
    from evergreen.sections.data import Image

# Change of the table of shortcuts -> the field of ``augment`` that answers to it.
FIELD_OF = {
    "blur": "blur",
    "noise": "noise",
    "darker": "brightness",
    "brighter": "brightness",
    "jpeg": "jpeg",
    "grey": "grey",
    **dict.fromkeys(("plain background", "busy background", "photo background"), "background"),
}
_JUDGED_BLUR, _LEAST_BLURRED, _MOST_BLUR = 1 / 64, 0.8, 0.25  # as judging.shortcuts.blur; pixels; what a recipe allows
_NOISE = (40.0, 80.0)  # grey levels of 255: images are judged with 20
_GREY = (0.3, 0.6)
_JPEG = (10, 3)  # qualities: images are judged at 20
_BRIGHTNESS = ((0.6, 1.4), (0.4, 1.8))  # images are judged at 0.6 and 1.4
_REPLACED = (0.5, 0.8)
_NEW_BACKGROUND = "{{replace: {:g}}}"


@dataclass(frozen=True)
class Cure:
    """One field, and the changes of the table of shortcuts that it answers to.

    Attributes:
        field: of ``augment``.
        changes: names of those changes that cost too much.
        sets: ``dotted.path=value`` pairs, as ``--set`` takes them; none where there is nothing more to set.
        why: what the changes cost, and what was on, in words.
        further: whether it is more than what the model was trained with.
    """

    field: str
    changes: tuple[str, ...]
    sets: tuple[str, ...]
    why: str
    further: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"changes": list(self.changes), "sets": list(self.sets)}


def cures(
    changes: Sequence[Mapping[str, Any]],
    then: Augment,
    now: Augment,
    image: Image,
    most: float | None = None,
    kept: Iterable[str] = (),
) -> list[Cure]:
    """Return what answers to each change that costs too much, in the order of the table.

    Args:
        changes: what ``shortcuts.Loss.as_json`` returned of a model.
        then: what was done to the images that this model learned from.
        now: what the recipe that is to be changed does; the same, where it is that model's own.
        image: the network's size.
        most: the gate's ``max_shortcut_loss``; a change that costs more is one that costs too much.
        kept: fields that were set for that model as its cure: they stay as they were, though they helped.
    """
    costly: dict[str, list[Mapping[str, Any]]] = {}
    for row in changes:
        field = FIELD_OF.get(row["name"], "")
        if field and is_costly(row, most):
            costly.setdefault(field, []).append(row)
    found = []
    kept = tuple(kept)
    for field in dict.fromkeys((*costly, *kept)):
        rows = costly.get(field, [])
        step, words = _further(field, then, image) if rows else (None, "")
        wanted = _value(then, field) if step is None and field in kept else step
        has = _value(now, field)
        sets: tuple[str, ...] = ()
        if wanted is not None and not _reaches(field, has, wanted):
            sets = tuple(_pairs(field, _wider(field, has, wanted), now))
        elif step is not None:
            words = f"the recipe says {_on(field, has)} since"
        if sets or rows:
            cost = _cost(rows) if rows else "it was set to cure what costs less now"
            why = "; ".join(filter(None, (cost, words)))
            found.append(Cure(field, tuple(row["name"] for row in rows), sets, why, bool(sets) and step is not None))
    return found


def is_costly(row: Mapping[str, Any], most: float | None = None) -> bool:
    """Whether a change costs surely over 5 points, or more than the gate allows."""
    return bool(row["leans_on"]) or (most is not None and row["lost"] is not None and row["lost"] > most)


def _cost(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what changes cost, in words."""
    return ", ".join(
        f"{row['name']} costs {100 * row['lost']:.1f} points "
        f"({100 * row['lost_low']:.1f} to {100 * row['lost_high']:.1f})"
        for row in rows
    )


def _further(field: str, then: Augment, image: Image) -> tuple[Any, str]:
    """Return the next strength of a field, None if there is none, and in words what was on already."""
    had = _value(then, field)
    step = next((step for step in _steps(field, image) if not _reaches(field, had, step)), None)
    on = _on(field, had)
    if step is None:
        return None, f"{on} already, and more of it is not tried"
    return step, f"{on} did not suffice" if on else ""


def _value(augment: Augment, field: str) -> Any:
    """Return how strong a field is: a number, or a range of factors; None where it is off."""
    if field == "brightness":
        strength = augment.magnitude
        return augment.brightness if strength is None else (1 - strength, 1 + strength) if strength else None
    value = getattr(augment, field)
    if field == "background" and value is not None:
        value = value.replace
    return value or None


def _steps(field: str, image: Image) -> Sequence[Any]:
    """Return the first strength of a field and the second."""
    if field == "blur":
        side = min(image.height, image.width)
        reach = 2 * max(_JUDGED_BLUR, _LEAST_BLURRED / side)
        return [min(_MOST_BLUR, ceil(round(1000 * times * reach, 6)) / 1000) for times in (1, 2)]
    return {"noise": _NOISE, "grey": _GREY, "jpeg": _JPEG, "brightness": _BRIGHTNESS, "background": _REPLACED}[field]


def _reaches(field: str, value: Any, step: Any) -> bool:
    """Whether a field is at least so strong."""
    if value is None:
        return False
    if field == "brightness":
        return bool(value[0] <= step[0] and step[1] <= value[1])
    return bool(value <= step if field == "jpeg" else value >= step)


def _wider(field: str, value: Any, step: Any) -> Any:
    """Return a strength that covers both what a recipe has and what it lacks."""
    if field == "brightness" and value is not None:
        return (min(value[0], step[0]), max(value[1], step[1]))
    return step


def _pairs(field: str, value: Any, now: Augment) -> Iterator[str]:
    if field == "background":
        has = now.background is not None
        yield f"augment.background.replace={value:g}" if has else f"augment.background={_NEW_BACKGROUND.format(value)}"
    elif field == "brightness":
        if now.magnitude is not None:
            yield from _written_out(now)
        yield f"augment.brightness=[{value[0]:g}, {value[1]:g}]"
    else:
        yield f"augment.{field}={value:g}"


def _written_out(augment: Augment) -> Iterator[str]:
    """Yield what a magnitude stands for, but brightness, in its place."""
    from evergreen.images.augment import expanded  # late: NumPy

    yield "augment.magnitude=null"
    for name, value in expanded(augment).model_dump(mode="json").items():
        if value != augment.model_dump(mode="json")[name] and name not in ("magnitude", "brightness"):
            yield f"augment.{name}={'true' if value is True else format(value, '.6g')}"


def _on(field: str, value: Any) -> str:
    if value is None:
        return ""
    if field == "brightness":
        return f"augment.brightness [{value[0]:g}, {value[1]:g}]"
    return f"augment.{field}{'.replace' if field == 'background' else ''} {value:g}"
