"""What a keeper counts, as Prometheus reads it."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from runs.serving.feedback.keeper import Keeper


class Counts:
    """A collector for a registry: ``evergreen_kept``, by what became of what was heard."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """Yield the counts of this moment."""
        family = CounterMetricFamily(
            "evergreen_kept", "Answers, pictures and truths of the log, by what became of them.", labels=("outcome",)
        )
        for outcome, count in self._keeper.counters.as_json().items():
            family.add_metric([outcome], count)
        yield family
