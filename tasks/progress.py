"""Progress of downloads and of training, to whoever listens, to the run's log, and to the dashboard."""

import base64
import time
from collections.abc import Sequence
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.context import TaskRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from evergreen.reports.markdown import literal, markdown_table
from evergreen.sections.base import hyphenated
from evergreen.vision.training.fit import EpochReport
from runs.run import listener
from runs.stopped import go_on_unless_told
from tasks.curves import curves

_DASHBOARD_EVERY_SECONDS = 2.0
_CURVES_EVERY_SECONDS = 5.0
_LAST_EPOCHS = 10
_SHOWN = (
    ("loss", "loss"),
    ("accuracy", "accuracy"),
    ("val_loss", "validation loss"),
    ("val_accuracy", "validation accuracy"),
)


class DownloadProgress:
    """Tells how the files of one source arrive; in the dashboard, one progress artifact a file."""

    def __init__(self, recipe: str) -> None:
        self._recipe = recipe
        self._artifacts: dict[str, UUID] = {}
        self._told: dict[str, float] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Tell that ``done`` bytes of a file are here, of ``total`` if that is known."""
        if hearing := listener.get():
            hearing.download(name, done, total)
        ended = total is not None and done >= total
        if total and TaskRunContext.get() and (ended or self._is_time(name)):
            self._show(name, 100 * done / total)

    def _is_time(self, name: str) -> bool:
        now = time.monotonic()
        if now - self._told.get(name, 0.0) < _DASHBOARD_EVERY_SECONDS:
            return False
        self._told[name] = now
        return True

    def _show(self, name: str, percent: float) -> None:
        if name in self._artifacts:
            update_progress_artifact(self._artifacts[name], percent, _sync=True)  # type: ignore[call-arg]
            return
        key = f"{self._recipe}-download-{hyphenated(name)}"
        made = create_progress_artifact(percent, key, f"Download of {name}", _sync=True)  # type: ignore[call-arg]
        self._artifacts[name] = made  # type: ignore[assignment]


class TrainingProgress:
    """Tells how a training goes: to the terminal, the run's log, and one artifact in the dashboard, with its curves.

    A training lasts long, so each time it also asks whether somebody stopped it and a library lost the exception; what
    an epoch learned is kept before it is told.
    """

    def __init__(self, recipe: str) -> None:
        self._recipe = recipe
        self._artifact: UUID | None = None
        self._reports: list[EpochReport] = []
        self._told = -_CURVES_EVERY_SECONDS

    def say(self, text: str) -> None:
        """Tell something in words, to the terminal and the run's log.

        Raises:
            Stopped: a signal came, and was lost.
        """
        if hearing := listener.get():
            hearing.note(text)
        if TaskRunContext.get():
            get_run_logger().info(text)
        go_on_unless_told()

    def __call__(self, report: EpochReport) -> None:
        """Tell about one epoch; the dashboard hears of the first, and then now and then, until ``done``.

        Raises:
            Stopped: a signal came, and was lost.
        """
        if hearing := listener.get():
            hearing.epoch(report)
        go_on_unless_told()
        if not TaskRunContext.get():
            return  # called outside a run: the listener is all there is
        get_run_logger().info(epoch_line(report))
        if self._reports and self._reports[-1].who != report.who:
            self._reports.clear()  # a teacher is trained, or its student begins: other curves
        self._reports.append(report)
        if time.monotonic() - self._told >= _CURVES_EVERY_SECONDS:
            self._show(percent_of(report))
            self._told = time.monotonic()

    def done(self) -> None:
        """Show the last epochs too, once a training has ended."""
        if self._reports and TaskRunContext.get():
            self._show(None)

    def _show(self, percent: float | None) -> None:
        """Write the artifact, or write it anew; a server that does not answer costs nothing but the curves."""
        text = training_page(self._reports, percent)
        line = text.partition("\n")[0].removeprefix("# ")
        try:
            if self._artifact:
                with get_client(sync_client=True) as client:
                    client.update_artifact(self._artifact, ArtifactUpdate(data=text, description=line))
                return
            made = create_markdown_artifact(text, f"{self._recipe}-training", line, _sync=True)  # type: ignore[call-arg]
            self._artifact = made  # type: ignore[assignment]
        except (HTTPError, PrefectException) as error:
            get_run_logger().warning("the curves could not be shown: %s", error)


def percent_of(report: EpochReport) -> float:
    """Return how much of a training is done, 0 to 100, as far as its phases are equally long."""
    return 100 * (report.phase - 1 + report.epoch / report.epochs) / report.phases


def training_page(reports: Sequence[EpochReport], percent: float | None) -> str:
    """Return how a training goes as Markdown: curves, and its last epochs.

    Args:
        reports: of one network, in order, one or more.
        percent: how much is done; None of a training that has ended.
    """
    last = reports[-1]
    before, numbers = 0, list[int]()
    for number, report in enumerate(reports):
        if number and report.phase != reports[number - 1].phase:
            before = numbers[-1]
        numbers.append(before + report.epoch)
    picture = base64.b64encode(curves(numbers, [report.metrics for report in reports]).encode()).decode()
    columns = [*(["phase"] if last.phases > 1 else []), "epoch", *(words for _, words in _SHOWN)]
    rows = [
        [*([report.phase] if last.phases > 1 else []), report.epoch]
        + [f"{report.metrics[name]:.4f}" for name, _ in _SHOWN]
        for report in reversed(reports[-_LAST_EPOCHS:])
    ]
    who = f"{literal(last.who)}: " if last.who else ""
    phase = f"phase {last.phase} of {last.phases}, " if last.phases > 1 else ""
    done = "the training has ended" if percent is None else f"{percent:.0f} % at least"
    lines = [
        f"# {who}{phase}epoch {last.epoch} of {last.epochs}: {done}",
        f"![Loss and accuracy of training and validation, by epoch](data:image/svg+xml;base64,{picture})",
        markdown_table(columns, rows),
    ]
    if len(reports) > _LAST_EPOCHS:
        lines.append(f"The last {_LAST_EPOCHS} of {len(reports)} epochs, the newest first.")
    if percent is not None:
        lines.append(f"{last.seconds_left:.0f} s left of this phase at most. Written anew every few seconds: reload.")
    return "\n\n".join(lines)


def epoch_line(report: EpochReport) -> str:
    """Return one line: phase, epoch, losses, accuracies, time left."""
    metrics = report.metrics
    phase = f"phase {report.phase}/{report.phases}, " if report.phases > 1 else ""
    phase = f"{report.who}: {phase}" if report.who else phase
    return (
        f"{phase}epoch {report.epoch}/{report.epochs}: loss {metrics['loss']:.4f}, accuracy {metrics['accuracy']:.4f}, "
        f"validation loss {metrics['val_loss']:.4f}, accuracy {metrics['val_accuracy']:.4f}, "
        f"{report.seconds_left:.0f} s left at most"
    )
