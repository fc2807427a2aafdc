"""Progress of training, to whoever listens and to the run's log."""

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from evergreen.vision.train import EpochReport
from tasks.run import listener


def report_epoch(report: EpochReport) -> None:
    """Tell the terminal, and the run's log in the dashboard, about one epoch."""
    if hearing := listener.get():
        hearing.epoch(report)
    try:
        get_run_logger().info(epoch_line(report))
    except MissingContextError:
        return  # called outside a run: the listener is all there is


def epoch_line(report: EpochReport) -> str:
    """Return one line: phase, epoch, losses, accuracies, time left."""
    metrics = report.metrics
    phase = f"phase {report.phase}/{report.phases}, " if report.phases > 1 else ""
    return (
        f"{phase}epoch {report.epoch}/{report.epochs}: loss {metrics['loss']:.4f}, accuracy {metrics['accuracy']:.4f}, "
        f"validation loss {metrics['val_loss']:.4f}, accuracy {metrics['val_accuracy']:.4f}, "
        f"{report.seconds_left:.0f} s left at most"
    )
