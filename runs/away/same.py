"""Whether this process would compute what another one asks for: a result under a false key would be believed."""

from __future__ import annotations

from functools import cache

from evergreen.errors import EvergreenError
from evergreen.fold_steps import step_named
from evergreen.recipe import Recipe
from runs.keys import code_digests, libraries_of
from storage.steps.keys import KeyParts

THREADS = "threads"  # which a key names, and a process is told: the one library that may be another there


class OtherCode(EvergreenError):
    """A process has other code or libraries than whoever sent it a task."""


def refuse_other_code(recipe: Recipe, parts: KeyParts) -> None:
    """Refuse to train where code or libraries are others than the key says: the model would stand under a false one.

    A worker of a cluster may have another version; files may be changed while a sweep goes on.

    Args:
        recipe: whose network is fitted.
        parts: of the key of the step that trains.

    Raises:
        OtherCode: they are others.
    """
    step = step_named(parts.step)
    there = {**parts.code, **parts.libraries}
    here = {**_code_here(parts.step), **(libraries_of(step, recipe) if step else {})}
    other = sorted(name for name in here if name != THREADS and here[name] != there.get(name))
    if other:
        raise OtherCode(
            f"expected the sender's code and libraries where it is trained; others there: {', '.join(other)}; give "
            "every worker the same version, and begin anew"
        )


@cache
def _code_here(name: str) -> dict[str, str]:
    """Return the code that this process trains with: of its first training, for what is imported stays as it was."""
    step = step_named(name)
    return code_digests(step) if step else {}
