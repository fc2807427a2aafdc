"""tasks.step: what an execution says of itself, and which failures are tried again; without a server."""

import json

import pytest
from releases import make_release

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from runs.run import Entry, Run
from storage.errors import ArtifactMissing
from storage.steps.records import SERIALIZER
from storage.store import Store
from tasks import step as module
from tasks.release.challenge import challenge


def _ask(run: Run, answered_meanwhile: bool) -> Entry:
    """Call challenge's body as its task does; meanwhile another run may have written the record of the same key."""
    inputs = {"challenger": make_release(run.store, "a")}
    execution = module._prepare(run, BY_NAME["challenge"], inputs)
    if answered_meanwhile:
        record = execution.record(challenge.fn(run, **inputs)).dumps().decode()
        path = run.records.path(execution.parts.key)
        path.write_text(json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": record}))
    token = module._execution.set(execution)
    try:
        return module._ended(execution, challenge.task.fn(run, **inputs))
    finally:
        module._execution.reset(token)


def test_of_two_runs_that_ask_at_once_the_second_finds_the_firsts_answer(store: Store) -> None:
    run = Run(store, load_recipe("digits"), "a-run", "digits")
    assert _ask(run, answered_meanwhile=False).state == "ran"
    entry = _ask(run, answered_meanwhile=True)
    assert (entry.state, entry.reason) == ("reused", "nothing changed")


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OSError("the disk is busy"), True),
        (ConnectionError("cut"), True),
        (BadInput("a wrong recipe"), False),
        (ArtifactMissing("gone"), False),
        (AttributeError("this step reads recipe.gate, which its row of the step table does not name"), False),
        (TypeError("a mistake in the code"), False),
    ],
)
def test_what_may_pass_is_tried_again_and_a_mistake_is_not(error: Exception, again: bool) -> None:
    class Failed:
        def result(self) -> None:
            raise error

    assert module._may_pass(None, None, Failed()) is again
