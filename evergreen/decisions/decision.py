"""One decision about one image, and all of a recipe's: docs/labels-file.md."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

What = Literal["keep", "relabel", "leave out"]
KEEP, RELABEL, LEAVE_OUT = get_args(What)
_COUNTED = {KEEP: "kept", RELABEL: "relabelled", LEAVE_OUT: "left out"}


@dataclass(frozen=True)
class Decision:
    """What somebody decided about an image.

    Attributes:
        what: keep: its label is right, or it shall have none; relabel: it is of another class; leave out: it is used
            for nothing.
        label: of relabel, the class; empty of the others.
        was: the label that it had then, empty if it had none; None if nobody wrote it down.
        path: where it lay then, for people; empty if nobody wrote it down.
        who: decided.
        when: in UTC, as ISO 8601 to the second; empty if nobody wrote it down.
    """

    what: What
    label: str = ""
    was: str | None = None
    path: str = ""
    who: str = ""
    when: str = ""

    @property
    def words(self) -> str:
        """What was decided, as a person says it: ``relabel: glass``."""
        return f"{self.what}: {self.label}" if self.label else self.what

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as a line of the file has them: ``decision``, and what else is known."""
        values = {"decision": self.what, "class": self.label, "was": self.was, "path": self.path}
        values |= {"who": self.who, "when": self.when}
        return {name: value for name, value in values.items() if value or (name == "was" and value is not None)}


@dataclass(frozen=True)
class Decisions:
    """All that is decided for a recipe. Two are equal if the same was decided, wherever it is written.

    Attributes:
        made: SHA-256 of an image's bytes -> decision.
        file: where they are written, or would be; None of a recipe without a file.
    """

    made: Mapping[str, Decision] = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)

    def as_choices(self) -> dict[str, Any]:
        """Return what decides a step's output, and words for a plan: how many of each, and one SHA-256 for all.

        Who decided, when, and where an image lay is not in it; empty if nothing is decided.
        """
        if not self.made:
            return {}
        counts = Counter(_COUNTED[one.what] for one in self.made.values())
        decided = {digest: [one.what, one.label, one.was] for digest, one in self.made.items()}
        text = json.dumps(decided, sort_keys=True, ensure_ascii=True).encode()
        return {**dict(sorted(counts.items())), "sha256": hashlib.sha256(text).hexdigest()}


NOTHING_DECIDED = Decisions()
