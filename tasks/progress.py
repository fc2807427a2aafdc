"""Progress of downloads and of training, to whoever listens, to the run's log, and to the dashboard."""

import re
import time
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger

from evergreen.vision.training.fit import EpochReport
from runs.run import listener

_DASHBOARD_EVERY_SECONDS = 2.0


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
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        key = f"{self._recipe}-download-{slug}"
        made = create_progress_artifact(percent, key, f"Download of {name}", _sync=True)  # type: ignore[call-arg]
        self._artifacts[name] = made  # type: ignore[assignment]


class TrainingProgress:
    """Tells how a training goes: to the terminal, the run's log, and one progress artifact in the dashboard."""

    def __init__(self, recipe: str) -> None:
        self._recipe = recipe
        self._artifact: UUID | None = None

    def say(self, text: str) -> None:
        """Tell something in words, to the terminal and the run's log."""
        if hearing := listener.get():
            hearing.note(text)
        if TaskRunContext.get():
            get_run_logger().info(text)

    def __call__(self, report: EpochReport) -> None:
        """Tell about one epoch."""
        if hearing := listener.get():
            hearing.epoch(report)
        if not TaskRunContext.get():
            return  # called outside a run: the listener is all there is
        line = epoch_line(report)
        get_run_logger().info(line)
        done = 100 * (report.phase - 1 + report.epoch / report.epochs) / report.phases
        if self._artifact:
            update_progress_artifact(self._artifact, done, line, _sync=True)  # type: ignore[call-arg]
            return
        key = f"{self._recipe}-training"
        self._artifact = create_progress_artifact(done, key, line, _sync=True)  # type: ignore[call-arg, assignment]


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
