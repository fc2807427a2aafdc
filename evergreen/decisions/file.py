"""The file of decisions beside a recipe: where it is, and what it says. Every scalar is taken as it is written."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from evergreen.decisions.decision import KEEP, LEAVE_OUT, RELABEL, Decision, Decisions, What
from evergreen.errors import BadRecipe
from evergreen.paths import is_file, path_of
from evergreen.recipe_files import LABELS_SUFFIX, problem_in

# The parser in C takes a tenth of the time, and there may be ten thousand lines.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIELDS = ("decision", "class", "was", "path", "who", "when")
_WHAT: dict[str, What] = {KEEP: KEEP, RELABEL: RELABEL, LEAVE_OUT: LEAVE_OUT}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_TOLD = 10
_UNMERGED = ("<<<<<<< ", ">>>>>>> ")
_SHORTEST = "one line an image, as in\n  SHA256: {decision: relabel, class: glass}"

# A line as ``editing.line_of`` writes it, maybe with a comment behind: a value of letters, digits and a few signs, or
# one in single quotes. Where all lines are such, the parser of YAML, which takes ten times as long, is not needed.
_VALUE = r"(?:[\w./()](?:[\w./() -]*[\w./()-])?|'(?:[^']|'')*')"
_LINE = re.compile(
    rf"([0-9a-f]{{64}}): \{{decision: ({KEEP}|{RELABEL}|{LEAVE_OUT})"
    + "".join(f"(?:, {name}: ({_VALUE}))?" for name in _FIELDS[1:])
    + r"\}[ ]*(?: #.*)?"
)


@dataclass(frozen=True)
class Entry:
    """What stands in a file about one image.

    Attributes:
        key: that it stands under.
        first, last: its lines, from 0.
        values: name -> text, as they are written.
        wrong: why it can be no decision, in words; empty if it may be one.
    """

    key: str
    first: int
    last: int
    values: Mapping[str, str]
    wrong: str = ""


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 as tables hold it: 64 digits of 0-9 and a-f."""
    return _DIGEST.fullmatch(text) is not None


def labels_file(recipe: Path, named: str | None) -> Path:
    """Return where a recipe's decisions are written.

    Args:
        recipe: its file.
        named: ``labels.decisions``; None is ``NAME.labels.yaml`` beside the recipe ``NAME.yaml``. A path that is not
            absolute begins at the recipe's folder.
    """
    return recipe.parent / path_of(named) if named else recipe.with_name(f"{recipe.stem}{LABELS_SUFFIX}")


def read_decisions(file: Path) -> Decisions:
    """Return what a file says; nothing is decided where there is none.

    Raises:
        BadRecipe: it cannot be read, or something in it is no decision: one line for each.
    """
    return Decisions(parse(text_of(file), file.name), file)


def decisions_beside(recipe: Path, named: str | None) -> tuple[Decisions, list[str]]:
    """Return what is decided beside a recipe's file, and a sentence if it names a file that is not there.

    Args:
        recipe: its file.
        named: ``labels.decisions``.

    Raises:
        BadRecipe: as ``read_decisions``.
    """
    file = labels_file(recipe, named)
    missing = [f"labels.decisions: there is no file {file} yet: nothing is decided"] if named else []
    return read_decisions(file), [] if is_file(file) else missing


def text_of(file: Path) -> str:
    """Return what is written in a file, every line end a plain one; nothing where there is none.

    Raises:
        BadRecipe: it cannot be read as text.
    """
    if not is_file(file):
        return ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadRecipe(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadRecipe(f"{file}: expected decisions in YAML, received a file that is no text in UTF-8") from None


def parse(text: str, name: str) -> dict[str, Decision]:
    """Return {SHA-256: decision} of a file's text.

    Args:
        text: YAML; only comments, or nothing, is nothing decided.
        name: of the file, for what is wrong.

    Raises:
        BadRecipe: one line for each thing that is wrong.
    """
    found: dict[str, Decision] = {}
    wrong: list[str] = []
    lines: dict[str, int] = {}
    for entry in entries(text, name):
        digest, line = entry.key, entry.first + 1
        if digest in lines:
            wrong.append(
                f"line {line}: {digest[:12]}... is decided in line {lines[digest]} already: expected each image once; "
                "remove one of the two"
            )
        elif not is_digest(digest):
            wrong.append(f"line {line}: expected a SHA-256, 64 digits of 0-9 and a-f; received {digest[:80]!r}")
        else:
            try:
                found[digest] = _decision(entry)
            except ValueError as error:
                wrong.append(f"line {line}: {digest[:12]}...: {error}")
        lines.setdefault(digest, line)
    if wrong:
        more = [f"and {len(wrong) - _MOST_TOLD:,} more"] if len(wrong) > _MOST_TOLD else []
        told = "\n  ".join([*wrong[:_MOST_TOLD], *more])
        raise BadRecipe(f"{name} holds what is no decision:\n  {told}\nExpected {_SHORTEST}: docs/labels-file.md")
    return found


def entries(text: str, name: str) -> list[Entry]:
    """Return what stands in a file about each image, in its order; an image may be there twice.

    Raises:
        BadRecipe: it is no YAML, or no mapping of mappings.
    """
    found = _as_written(text)
    return _by_yaml(text, name) if found is None else found


def _as_written(text: str) -> list[Entry] | None:
    """Return the entries of a text of which every line is one as we write it, a comment or blank; None of another."""
    found = []
    for number, line in enumerate(text.split("\n")):
        if not line.strip(" ") or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line) if line.isprintable() else None
        if match is None:
            return None
        said = zip(_FIELDS, match.groups()[1:], strict=True)
        values = {name: _unquoted(value) for name, value in said if value is not None}
        found.append(Entry(match[1], number, number, values))
    return found


def _unquoted(value: str) -> str:
    return value[1:-1].replace("''", "'") if value.startswith("'") else value


def _by_yaml(text: str, name: str) -> list[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_UNMERGED):
            raise BadRecipe(
                f"{name}: line {number}: expected {_SHORTEST}\nreceived marks of a merge of Git that is not finished: "
                "where both sides decided about one image keep one line, of the others all; and take out the marks"
            )
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise BadRecipe(f"{name} cannot be read as YAML: {problem_in(error)}") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise BadRecipe(f"{name}: expected {_SHORTEST}\nreceived something else")
    if root.flow_style and root.value:
        raise BadRecipe(f"{name}: expected {_SHORTEST}\nreceived all of them in one pair of braces")
    for key, value in root.value:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.MappingNode):
            said = getattr(key, "value", "")
            raise BadRecipe(
                f"{name}: line {key.start_mark.line + 1}: expected {_SHORTEST}\nreceived another kind of value"
                f"{f' for {said[:80]!r}' if isinstance(said, str) else ''}"
            )
    return [_entry(key, value) for key, value in root.value]


def _entry(key: yaml.ScalarNode, node: yaml.MappingNode) -> Entry:
    lines = [part.end_mark.line for pair in node.value for part in pair if isinstance(part, yaml.ScalarNode)]
    last = max([key.end_mark.line, *lines, *([node.end_mark.line] if node.flow_style else [])])
    try:
        values, wrong = dict(_scalars(node)), ""
    except ValueError as error:
        values, wrong = {}, str(error)
    return Entry(key.value, key.start_mark.line, last, values, wrong)


def _decision(entry: Entry) -> Decision:
    """Return the decision that an entry says.

    Raises:
        ValueError: it is none; what is wrong, in words.
    """
    if entry.wrong:
        raise ValueError(entry.wrong)
    said = entry.values
    what = _WHAT.get(said.get("decision", ""))
    if what is None:
        received = repr(said["decision"]) if "decision" in said else "none"
        raise ValueError(f"decision: expected {KEEP}, {RELABEL} or {LEAVE_OUT}; received {received}")
    label = said.get("class", "")
    if what == RELABEL and not label:
        raise ValueError(f"expected a class beside {RELABEL}, as in class: glass; received none")
    if what != RELABEL and label:
        raise ValueError(f"class: expected it beside {RELABEL} alone; received {label!r} beside {what}")
    when = said.get("when", "")
    if when and not _is_time(when):
        raise ValueError(f"when: expected a time such as 2026-11-30T12:00:00Z; received {when!r}")
    return Decision(what, label, said.get("was"), said.get("path", ""), said.get("who", ""), when)


def _scalars(node: yaml.MappingNode) -> Iterator[tuple[str, str]]:
    seen = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise ValueError("expected single values; received a list or a mapping")
        if key.value not in _FIELDS:
            near = difflib.get_close_matches(key.value, _FIELDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"expected {', '.join(_FIELDS)}; received {key.value[:80]!r}{hint}")
        if key.value in seen:
            raise ValueError(f"{key.value} is given twice")
        seen.add(key.value)
        yield key.value, value.value


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
