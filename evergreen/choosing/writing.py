"""A recipe's file as a person reads it: short, commented, only what differs from the defaults."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from evergreen.sections.defaults import defaults_of
from evergreen.sections.refusing.expected import flow
from evergreen.sections.trainings import side_of, tuned

if TYPE_CHECKING:
    from evergreen.choosing.rules import Choice

_WIDTH = 110
MARK = "Written by `evergreen new"
# Where the comment of a topic stands.
_SECTION_OF = {
    "network": "train",
    "resize": "image",
    "flip": "augment",
    "balance": "balance",
    "split": "split",
    "groups": "split",
    "formats": "export",
    "gate": "gate",
    "judging": "evaluate",
    "folds": "evaluate",
}
_FIRST = ("source", "unpack", "repair", "labels", "screen", "split", "image", "augment", "balance", "train")


def recipe_text(values: Mapping[str, Any], choice: Choice, about: str, day: date) -> str:
    """Return the YAML of a recipe.

    Args:
        values: all of it: name, title, source, repair and what was chosen or set.
        choice: what the rules chose; its comments stand above the sections that they are about.
        about: of which data, in words.
        day: on which it was written.
    """
    comments: dict[str, list[str]] = {"repair": ["As found. A folder that comes later is asked about."]}
    for topic, said in choice.comments.items():
        comments.setdefault(_SECTION_OF[topic], []).append(said)
    return _text(values, comments, values["name"], about, day)


def _text(values: Mapping[str, Any], comments: Mapping[str, list[str]], asked: str, about: str, day: date) -> str:
    from evergreen.recipe import Recipe

    defaults = defaults_of(Recipe)
    sections = [name for name in (*_FIRST, *Recipe.model_fields) if name in values or name in comments]
    lines = [
        *_comment(
            f"{MARK} {asked}` on {day.isoformat()} for {about}. Yours to change: docs/recipe.md has every "
            "field, docs/choosing.md the rules that chose."
        ),
        *(line for name in ("name", "title") for line in _lines(name, values[name], "")),
    ]
    for name in dict.fromkeys(name for name in sections if name not in ("name", "title")):
        kept = _kept(values.get(name, {}), defaults.get(name))
        if not kept and name not in comments:
            continue
        lines += ["", *(line for said in comments.get(name, ()) for line in _comment(said))]
        lines += _lines(name, kept, "") if kept else []
    return "\n".join(lines) + "\n"


def teacher_name(student: str, backbone: str) -> str:
    """Return what the recipe of a student's teacher is called: ``chess-lite1``."""
    return f"{student}-{backbone.removeprefix('EfficientNet').lower()}"


def teacher_text(values: Mapping[str, Any], backbone: str, epochs: Iterable[int], about: str, day: date) -> str:
    """Return the YAML of a teacher's recipe: the same images, as many epochs, its labels as they are.

    Smoothed labels would have it answer alike for all images of a class, which teaches nothing (Müller, Kornblith and
    Hinton 2019, arXiv:1906.02629).

    Args:
        values: of the student's recipe.
        backbone: the teacher's.
        epochs: of the phases that the rules chose; the student's own may be others.
        about: of which data, in words.
        day: on which it was written.
    """
    side = side_of(backbone)
    training = tuned(backbone, *epochs)
    del training["label_smoothing"]
    same = {
        section: values[section] for section in ("repair", "labels", "split", "augment", "balance") if section in values
    }
    its = {
        "name": teacher_name(values["name"], backbone),
        "title": f"{values['title']}, {backbone}",
        "source": values["source"],
        **same,
        "image": {**values.get("image", {}), "height": side, "width": side},
        "train": {"backbone": backbone, **training},
    }
    network = f"Teaches {values['name']}, whose images it learns from: its head, then its later layers."
    return _text(its, {"train": [network]}, values["name"], about, day)


def title_of(name: str, classes: int) -> str:
    """Return a title for a recipe of that name."""
    return f"{name.replace('-', ' ').capitalize()}, {classes} classes"


def _kept(value: Any, default: Any) -> Any:
    """Return a section without the values that are its defaults."""
    if not isinstance(value, Mapping) or not isinstance(default, Mapping):
        return value
    return {name: inner for name, inner in value.items() if name not in default or inner != default[name]}


def _comment(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH + 10, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _lines(key: str, value: Any, indent: str) -> Iterator[str]:
    """Yield a key and its value: in one line if it fits there."""
    line = f"{indent}{key}: {flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Mapping | list) or not value:
        yield line
        return
    yield f"{indent}{key}:"
    yield from _block(value, indent + "  ")


def _block(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(flow(key), inner, indent)
        return
    for item in value:
        line = f"{indent}- {flow(item)}"
        if len(line) <= _WIDTH or not isinstance(item, Mapping | list):
            yield line
            continue
        for number, below in enumerate(_block(item, indent + "  ")):
            yield below if number else f"{indent}- {below.strip()}"
