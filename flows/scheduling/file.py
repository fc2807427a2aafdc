"""``prefect.yaml``: the deployment of a recipe, written into it as a person would; every other byte stays.

A library that writes YAML back (ruamel.yaml) keeps comments, but folds and quotes lines anew. So PyYAML says where a
deployment begins and ends, the text is changed there alone, and what was written is read again: all else must be equal.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evergreen.errors import BadInput
from flows.scheduling.lines import BY_MODULE, CLONE, IN_CLONE, NAME, Deployment, Schedule, lines_of
from storage.disk import explained

_COMMENT = re.compile(r"(^|\s)#")
_HEADER = (
    "# What `evergreen schedule` puts onto a Prefect server. A schedule is switched off by its option --off, or with\n"
    "# `active: false`; to remove its line would leave it on.\n"
)


@dataclass(frozen=True)
class Edited:
    """A file's text once a deployment has its schedule.

    Attributes:
        text: all of it.
        before: the schedules that the deployment had, as YAML says them; None if it is new.
    """

    text: str
    before: list[Any] | None


def file_of(recipe_file: Path) -> Path:
    """Return the file in which a recipe's deployment stands: the clone's for its own, else the working folder's."""
    return (CLONE if recipe_file.resolve().is_relative_to(CLONE) else Path.cwd()) / NAME


def read(path: Path) -> str:
    """Return the text of the file, or of one without deployments where there is none, which is not written.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return _without_deployments()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: expected Prefect's deployments as YAML, cannot read it: {error}") from None


def write(path: Path, text: str) -> None:
    """Write the file as one.

    Raises:
        StoreUnwritable: its folder takes no file.
    """
    with explained(path.parent, "the folder of prefect.yaml", "make it writable"):
        target = path.resolve()
        mode = target if target.exists() else None
        part = target.with_name(f"{target.name}.new")
        part.write_bytes(text.encode())
        if mode:
            shutil.copymode(mode, part)
        part.replace(target)


def schedules_of(text: str, name: str) -> list[Any] | None:
    """Return the schedules of a deployment; None if there is no deployment of that name.

    Raises:
        BadInput: the text is no YAML with deployments.
    """
    item = _item(_root(text), name)
    if item is None:
        return None
    return list(next(one for one in _values(text)["deployments"] if one.get("name") == name).get("schedules") or [])


def with_schedule(text: str, wanted: Deployment, schedule: Schedule) -> Edited:
    """Return the text with a deployment that has this schedule and no other; it is added if it is not there.

    Args:
        text: of ``prefect.yaml``.
        wanted: what the deployment says where it is added; one that is there keeps everything but its schedules.
        schedule: when it runs.

    Raises:
        BadInput: the text is no YAML with deployments, or they are written so that the lines must be changed by hand.
    """
    before = schedules_of(text, wanted.name)
    newline = "\r\n" if "\r\n" in text else "\n"
    body = text.removeprefix("\ufeff")
    root = _root(body)
    item = _item(root, wanted.name)
    if item is None:
        changed = _added(body, root, wanted, schedule, newline)
    else:
        changed = _replaced(body, item, schedule, newline)
    edited = text[: len(text) - len(body)] + changed
    _check(text, edited, wanted, schedule)
    return Edited(edited, before)


def _without_deployments() -> str:
    """Return what stands above the clone's own deployments, for a file in another folder."""
    text = (CLONE / NAME).read_text(encoding="utf-8")
    start, end = text.index("name: evergreen"), text.index("\ndeployments:\n")
    return _HEADER + text[start:end].replace(IN_CLONE, BY_MODULE) + "\n"


def _root(text: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise BadInput(f"{NAME} cannot be read as YAML: {error}") from None
    if not isinstance(root, yaml.MappingNode):
        raise BadInput(f"{NAME}: expected a mapping with deployments, received something else")
    return root


def _values(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found | {"deployments": found.get("deployments") or []}


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    """Return the node of a key that a mapping itself has, not one that is merged into it."""
    return next((value for name, value in node.value if name.value == key), None)


def _items(root: yaml.MappingNode) -> list[yaml.MappingNode]:
    found = _value(root, "deployments")
    return (
        [one for one in found.value if isinstance(one, yaml.MappingNode)]
        if isinstance(found, yaml.SequenceNode)
        else []
    )


def _item(root: yaml.MappingNode, name: str) -> yaml.MappingNode | None:
    return next((one for one in _items(root) if (said := _value(one, "name")) and said.value == name), None)


def _replaced(text: str, item: yaml.MappingNode, schedule: Schedule, newline: str) -> str:
    """Return the text with another schedule of a deployment."""
    pair = next(((key, value) for key, value in item.value if key.value == "schedules"), None)
    if pair is None:
        end = _end_of_line(text, _last(item))
        indent = " " * item.value[0][0].start_mark.column
        return f"{text[:end]}{newline}{indent}schedules: {schedule}{text[end:]}"
    key, value = pair
    alias = _alias_after(text, key)
    end = alias or _last(value)
    if value.start_mark.index < key.end_mark.index and not alias:  # an alias written in some other way
        raise BadInput(_by_hand(schedule))
    if _COMMENT.search(text[key.end_mark.index : end]):
        raise BadInput(_by_hand(schedule))
    return f"{text[: key.end_mark.index]}: {schedule}{text[end:]}"


def _alias_after(text: str, key: yaml.Node) -> int | None:
    """Return where a value ends that is an alias (``schedules: *nightly``): its node stands where its anchor is."""
    found = re.compile(r":[ \t]*\*[^\s,\]}]+").match(text, key.end_mark.index)
    return found.end() if found else None


def _by_hand(schedule: Schedule) -> str:
    return f"{NAME}: the schedules of this deployment have comments among them: write by hand: schedules: {schedule}"


def _added(text: str, root: yaml.MappingNode, wanted: Deployment, schedule: Schedule, newline: str) -> str:
    """Return the text with one more deployment, below the last one that retrains."""
    items = _items(root)
    if not items:
        if _value(root, "deployments") is None:
            lines = lines_of(text, wanted, schedule, 2)
            return (
                text
                + ("" if text.endswith("\n") or not text else newline)
                + newline.join(["", "deployments:", *lines, ""])
            )
        raise BadInput(f"{NAME}: expected deployments as a list of lines that begin with -, or none at all")
    names = [_value(one, "name") for one in items]
    retraining = [one for one, name in zip(items, names, strict=True) if name and name.value.startswith("retrain-")]
    above = (retraining or items)[-1]
    dash = text.rfind("-", 0, above.start_mark.index)
    start = text.rfind("\n", 0, dash) + 1
    if text[start:dash].strip():
        raise BadInput(f"{NAME}: expected every deployment on lines of its own, beginning with -")
    end = _end_of_line(text, _last(above))
    return text[:end] + newline * 2 + newline.join(lines_of(text, wanted, schedule, dash - start)) + text[end:]


def _last(node: yaml.Node) -> int:
    """Return where a node's own text ends: a block's mark stands behind the comments that follow it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    end = _last(last[1] if isinstance(last, tuple) else last)
    return max(end, int(node.start_mark.index))


def _end_of_line(text: str, index: int) -> int:
    """Return where the line ends on which something ends: a folded text ends at the beginning of the next one."""
    index = len(text[:index].rstrip())
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    return end - 1 if end and text[end - 1] == "\r" else end


def _check(before: str, after: str, wanted: Deployment, schedule: Schedule) -> None:
    """Read what was written again.

    Raises:
        BadInput: something else changed, or the deployment is not what it should be: nothing may be written.
    """
    why = ""
    try:
        old, new = _values(before), _values(after)
        ours = [one for one in new["deployments"] if one.get("name") == wanted.name]
        others = [[one for one in said["deployments"] if one.get("name") != wanted.name] for said in (old, new)]
        earlier = next((one for one in old["deployments"] if one.get("name") == wanted.name), None)
        expected = {**(earlier or {**ours[0]}), "schedules": [schedule.as_json()]}
        same = {name: said for name, said in old.items() if name != "deployments"}
        if len(ours) != 1 or ours[0] != expected or not {"entrypoint", "work_pool"} <= set(ours[0]):
            why = "its deployment would not read as it should"
        elif others[0] != others[1] or same != {name: said for name, said in new.items() if name != "deployments"}:
            why = "something else would change"
    except (yaml.YAMLError, IndexError, AttributeError, TypeError) as error:
        why = f"it could not be read again: {type(error).__name__}"
    if why:
        raise BadInput(f"{NAME} was left as it is, {why}: write by hand, into {wanted.name}: schedules: {schedule}")
