"""The lines of a deployment in ``prefect.yaml``, as a person would write them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CLONE = Path(__file__).resolve().parents[2]
NAME = "prefect.yaml"
# Outside the clone, the flow is found by its module: the working folder is another.
IN_CLONE, BY_MODULE = "flows/retrain.py:retrain", "flows.retrain.retrain"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/+-]*\Z")
_SHOWN = ("report", "decision", "steps", "exports")


@dataclass(frozen=True)
class Schedule:
    """When a deployment runs by itself.

    Attributes:
        cron: five fields.
        timezone: IANA name.
        active: whether it does.
    """

    cron: str
    timezone: str
    active: bool = True

    def __str__(self) -> str:
        """Return it as the value of ``schedules`` in one line of YAML."""
        off = "" if self.active else ", active: false"
        return f"[{{cron: {json.dumps(self.cron)}, timezone: {_scalar(self.timezone)}{off}}}]"

    def as_json(self) -> dict[str, Any]:
        """Return it as Prefect reads it."""
        return {"cron": self.cron, "timezone": self.timezone} | ({} if self.active else {"active": False})


@dataclass(frozen=True)
class Deployment:
    """What a deployment of a recipe says beside its schedule.

    Attributes:
        recipe: the recipe's name.
        title: of the recipe, one line.
        parameters: of the flow: the recipe as it is found from the file's folder, and the store if that is not the
            worker's own.
    """

    recipe: str
    title: str
    parameters: Mapping[str, str]

    @property
    def name(self) -> str:
        """The deployment's name."""
        return f"retrain-{self.recipe}"


def lines_of(text: str, wanted: Deployment, schedule: Schedule, indent: int) -> list[str]:
    """Return the lines of a new deployment."""
    links = " · ".join(
        f"[{name.capitalize() if name == 'report' else name}](/artifacts/key/{wanted.recipe}-{name})" for name in _SHOWN
    )
    said = " ".join(wanted.title.replace("{{", "{ {").split())  # Prefect would read {{ }} as a template
    parameters = ", ".join(f"{name}: {_scalar(value)}" for name, value in wanted.parameters.items())
    return [
        (" " * indent + "- " if number == 0 else " " * (indent + 2)) + line
        for number, line in enumerate(
            [
                *(["<<: *retrain"] if re.search(r"&retrain\b", text) else _in_full()),
                f"name: {wanted.name}",
                "description: >-",
                *([f"  {said}{'' if said[-1] in '.!?' else '.'}"] if said else []),
                f"  {links}",
                f"tags: [evergreen, {_scalar(wanted.recipe)}]",
                f"parameters: {{{parameters}}}",
                f"schedules: {schedule}",
            ]
        )
    ]


def _in_full() -> list[str]:
    """Return what the clone's file says once for all retrainings, for a file without it."""
    common = yaml.safe_load((CLONE / NAME).read_text(encoding="utf-8"))["definitions"]["retrain"]
    return [f"{name}: {json.dumps(value)}" for name, value in (common | {"entrypoint": BY_MODULE}).items()]


def _scalar(value: str) -> str:
    return value if _PLAIN.match(value) and yaml.safe_load(value) == value else json.dumps(value, ensure_ascii=False)
