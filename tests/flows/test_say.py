"""flows.say: whoever listens hears it, and outside of a flow that is all."""

from types import SimpleNamespace

from flows.say import say
from runs.run import listener


def test_who_listens_hears_it_also_without_a_flow() -> None:
    heard: list[str] = []
    token = listener.set(SimpleNamespace(note=heard.append))  # type: ignore[arg-type]
    try:
        say("a word")
    finally:
        listener.reset(token)
    say("to nobody")
    assert heard == ["a word"]
