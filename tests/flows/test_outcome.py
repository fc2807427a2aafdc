"""flows.outcome: how a run ended, as a name."""

from types import SimpleNamespace
from typing import Any

import pytest

from evergreen.errors import BadDataset
from flows import outcome as module
from flows.outcome import tells_outcome, words_of


def _summary(states: dict[str, str], **values: Any) -> dict[str, Any]:
    steps = [{"name": name, "state": state} for name, state in states.items()]
    return {"outcome": "completed", "metrics": {"test": {"accuracy": 0.9963}}, "steps": steps} | values


REUSED = dict.fromkeys(("probe", "train", "export", "verify", "report"), "reused")


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (_summary(REUSED), "nothing changed"),
        (_summary(REUSED | {"train": "ran", "export": "ran"}), "retrained, test accuracy 99.6%"),
        (_summary(REUSED | {"train": "ran"}, metrics={}), "retrained"),
        (_summary(REUSED | {"train": "ran"}, comparison={"standing": "champion"}), "promoted, test accuracy 99.6%"),
        (
            _summary(REUSED | {"train": "ran"}, comparison={"standing": "rejected"}),
            "not promoted (rejected), test accuracy 99.6%",
        ),
        (_summary(REUSED | {"report": "ran"}), "same model, report redone"),
        (
            _summary(REUSED | dict.fromkeys(("probe", "export", "verify", "report"), "ran")),
            "same model, probe, export, verify and 1 more redone",
        ),
        (_summary({"probe": "ran", "train": "failed"}, outcome="failed"), "failed at train"),
        (_summary({"probe": "ran", "train": "failed"}, outcome="cancelled"), "cancelled at train"),
        (_summary({"probe": "ran"}, outcome="failed"), "failed"),
        (
            _summary({"probe": "failed"}, outcome="failed", error="SourceGone: https://h/a.zip: nothing there"),
            "source not found, failed at probe",
        ),
        (_summary({"train": "failed"}, outcome="cancelled", error="by SIGTERM"), "cancelled at train"),
        (_summary({"promote": "ran"}, outcome="failed", promoted="ab" * 32), "failed, but the champion changed"),
        (
            _summary({"promote": "failed"}, outcome="cancelled", promoted="ab" * 32),
            "cancelled at promote, but the champion changed",
        ),
        (_summary({"probe": "ran"}, outcome="not retrained"), "not retrained"),
        (_summary({"probe": "ran"}, outcome="dry run"), "dry run"),
        (
            _summary({"probe": "ran"}, outcome="inspected", findings={"images used": 1797, "quarantined": 2}),
            "1,797 images used, 2 quarantined",
        ),
        (
            _summary({"split": "failed"}, outcome="inspected", findings={"quarantined": 2}, refused="rare has 1"),
            "the split will refuse this, 2 quarantined",
        ),
    ],
)
def test_words(summary: dict[str, Any], words: str) -> None:
    assert words_of(summary) == words


def test_a_failure_keeps_its_lines_and_no_control_character() -> None:
    @tells_outcome
    def flow() -> dict[str, Any]:
        raise BadDataset("which?\n  photos/[1]\x00\x1b[2J")

    assert flow().message == "failed: BadDataset: which?\n  photos/[1]\\x00\\x1b[2J"  # type: ignore[attr-defined]


def test_a_run_in_the_dashboard_is_told_in_the_words_of_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    @tells_outcome
    def flow() -> dict[str, Any]:
        raise BadDataset("too few: --set split.test=0.1")

    assert flow().message.endswith("--set split.test=0.1")  # type: ignore[attr-defined]
    form = SimpleNamespace(parameters=SimpleNamespace(properties={"overrides": {}, "settings": {}}))
    context, logged = SimpleNamespace(flow=form, flow_run=None), list[str]()
    monkeypatch.setattr(module.FlowRunContext, "get", lambda: context)
    monkeypatch.setattr(module, "get_run_logger", lambda: SimpleNamespace(error=lambda text, **_: logged.append(text)))
    assert flow().message.endswith("too few: Settings > split > test: 0.1")  # type: ignore[attr-defined]
    assert logged == ["failed: too few: Settings > split > test: 0.1"]
    form.parameters.properties = {"sweep": {}}  # nothing of the command line's is in this form
    assert flow().message.endswith("--set split.test=0.1")  # type: ignore[attr-defined]
