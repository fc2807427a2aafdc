"""tasks.progress: outside of a task the listener is all there is; inside, the dashboard hears now and then."""

import base64
import re
import signal
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from httpx import HTTPError

from evergreen.vision.training.fit import EpochReport
from runs.run import listener
from runs.stopped import Stopped, listening
from tasks import progress as module
from tasks.progress import DownloadProgress, TrainingProgress, epoch_line, training_page

METRICS = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.25, "val_accuracy": 1.0}


@pytest.fixture
def heard() -> Any:
    said: list[Any] = []
    token = listener.set(  # type: ignore[arg-type]
        SimpleNamespace(download=lambda *told: said.append(told), note=said.append, epoch=said.append)
    )
    yield said
    listener.reset(token)


def _report(epoch: int, phases: int = 2) -> EpochReport:
    return EpochReport(phase=1, phases=phases, epoch=epoch, epochs=4, metrics=METRICS, seconds_left=61.7)


def test_an_epoch_is_one_line() -> None:
    assert epoch_line(_report(3)) == (
        "phase 1/2, epoch 3/4: loss 0.5000, accuracy 0.7500, validation loss 0.2500, accuracy 1.0000, 62 s left at most"
    )
    assert epoch_line(_report(3, phases=1)).startswith("epoch 3/4: ")
    of_a_teacher = replace(_report(3), who="teacher big")
    assert epoch_line(of_a_teacher).startswith("teacher big: phase 1/2, epoch 3/4: ")


def test_outside_of_a_task_who_listens_hears_everything(heard: list[Any]) -> None:
    report = _report(1)
    TrainingProgress("digits")(report)
    TrainingProgress("digits").say("a word")
    DownloadProgress("digits")("a.zip", 5, None)
    assert heard == [report, "a word", ("a.zip", 5, None)]


@pytest.mark.parametrize("told", [lambda progress: progress(_report(1)), lambda progress: progress.say("a word")])
def test_a_signal_that_was_lost_stops_a_training_when_it_is_next_told_of(heard: list[Any], told: Any) -> None:
    with listening():
        told(TrainingProgress("digits"))
        with suppress(Stopped):  # as a callback from C does
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped, match="SIGTERM"):
            told(TrainingProgress("digits"))
    assert len(heard) == 2


def test_the_dashboard_hears_of_a_download_at_its_beginning_now_and_then_and_at_its_end(
    heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, float]] = []
    now = [100.0]

    def make(percent: float, key: str, *_: object, **__: object) -> str:
        shown.append((key, percent))
        return key

    monkeypatch.setattr(module, "TaskRunContext", SimpleNamespace(get=lambda: True))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(module, "create_progress_artifact", make)
    monkeypatch.setattr(module, "update_progress_artifact", lambda key, percent, **_: shown.append((key, percent)))
    tell = DownloadProgress("digits")
    for seconds, done in ((0, 10), (1, 20), (2.5, 30), (2.6, 40), (2.7, 100)):
        now[0] = 100.0 + seconds
        tell("My photos.ZIP", done, 100)
    key = "digits-download-my-photos-zip"
    assert shown == [(key, 10.0), (key, 30.0), (key, 100.0)]
    assert len(heard) == 5


def test_a_training_is_drawn_at_its_beginning_now_and_then_and_at_its_end(
    heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    logged: list[str] = []
    now = [100.0]

    class Client:
        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is open."""

        def update_artifact(self, artifact: str, update: Any) -> None:
            if now[0] > 120:
                raise HTTPError("the server is gone")
            shown.append((artifact, update.data))

    def make(markdown: str, key: str, *_: object, **__: object) -> str:
        shown.append((key, markdown))
        return "id"

    monkeypatch.setattr(module, "TaskRunContext", SimpleNamespace(get=lambda: True))
    monkeypatch.setattr(module, "get_run_logger", lambda: SimpleNamespace(info=logged.append, warning=print))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(module, "create_markdown_artifact", make)
    monkeypatch.setattr(module, "get_client", lambda **_: Client())
    tell = TrainingProgress("digits")
    for seconds, epoch in ((0, 1), (2, 2), (6, 3), (7, 4)):
        now[0] = 100.0 + seconds
        tell(_report(epoch))
    tell.done()
    assert [key for key, _ in shown] == ["digits-training", "id", "id"]
    first, middle, end = (text for _, text in shown)
    assert first.startswith("# phase 1 of 2, epoch 1 of 4: 12 % at least\n\n![")
    assert "epoch 3 of 4: 38 % at least" in middle
    assert end.startswith("# phase 1 of 2, epoch 4 of 4: the training has ended\n")
    assert end.count("\n| 1 | ") == 4
    assert len(logged) == 4
    now[0] = 130.0
    tell(_report(4))  # a server that is gone ends no training
    tell(replace(_report(1), who="teacher"))
    assert [report.who for report in tell._reports] == ["teacher"]


def test_the_page_of_a_training_has_its_curves_and_epochs_go_on_from_phase_to_phase() -> None:
    reports = [replace(_report(epoch), phase=phase) for phase in (1, 2) for epoch in (1, 2, 3, 4, 5, 6)]
    page = training_page(reports, 50.0)
    (picture,) = re.findall(r"base64,([^)]+)\)", page)
    svg = ElementTree.fromstring(base64.b64decode(picture))  # noqa: S314 - our own
    texts = ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"loss by epoch", "accuracy by epoch", "training validation", "1", "12"} <= set(texts)
    assert "The last 10 of 12 epochs" in page
    assert page.endswith("62 s left of this phase at most. Written anew every few seconds: reload.")
