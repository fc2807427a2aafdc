"""How ``tflite-int8`` came to be: what was tried, as the step export published it, with the times of its record."""

from itertools import zip_longest
from typing import Any

from runs.run import Run
from storage.artifacts import Manifest


def int8_of(run: Run, exports: Manifest) -> dict[str, Any] | None:
    """Return how int8 came to be, with the median time of an image of all that was tried; None where none was."""
    int8: dict[str, Any] | None = exports.facts.get("int8")
    if int8 is None:
        return None
    key = run.journal.entries["export"].key
    record = run.records.read(key) if key else None
    times = record.measured.get("tried_ms", []) if record else []
    tried = [dict(attempt) for attempt in int8["tried"]]
    for attempt, time in zip_longest(tried, times[: len(tried)]):
        attempt["median_ms"] = time
    return {**int8, "tried": tried}
