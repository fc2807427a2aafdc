"""Pictures that somebody is asked about, and the page on which that happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runs.deciding.questions import Lookalike, questions_of
from runs.deciding.server import DecidingServer, Picture
from runs.deciding.session import Session
from runs.deciding.writing import LabelsFile

CLASSES = ("glass", "metal", "paper")
WHEN = "2026-11-30T12:00:00Z"


def digest(number: int) -> str:
    """Return a SHA-256 for a number below 10."""
    return str(number) * 64


def suspect(number: int, label: str, kind: str = "label_error", suggested: str = "", sure: str = "") -> dict[str, str]:
    """Return a row of a table of suspects, its rank and its image by number."""
    return {
        "rank": str(number), "path": f"{label or 'new'}/{number}.jpg", "sha256": digest(number), "kind": kind,
        "label": label, "suggested": suggested, "confidence": sure, "reason": f"reason {number}",
    }  # fmt: skip


ROWS = (
    suspect(1, "paper", suggested="glass", sure="0.93"),
    suspect(2, "metal", "outlier", sure="0.4"),
    suspect(3, "", "unlabelled", "metal", "0.6"),
)


# The first of ``ROWS`` looks like these.
ALIKE = {
    digest(1): [
        Lookalike(digest(4), "paper/4.jpg", "paper", 0.5), Lookalike(digest(5), "paper/<b>5.jpg", "paper", 0.25),
        Lookalike(digest(6), "glass/6.jpg", "glass", 0.93),
    ]
}  # fmt: skip


def session_of(path: Path, rows: tuple[dict[str, str], ...] = ROWS, classes: tuple[str, ...] = CLASSES) -> Session:
    """Return a sitting of Anna's about some rows."""
    file = LabelsFile(path)
    questions = questions_of(rows, file.read().made, classes, ALIKE)
    return Session("Waste", questions, classes, file, "Anna", lambda: WHEN)


@contextmanager
def serving(session: Session, picture: Picture) -> Iterator[DecidingServer]:
    """Serve the page while the block runs."""
    with DecidingServer(session, picture, "evergreen retrain waste") as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
