"""What a service counts, as Prometheus reads it. Labels are bounded: recipes, their classes, open releases, routes."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from runs.serving.answers import Asked
from runs.serving.service import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OTHER = "other"
_DIGITS = 12


class Metrics:
    """The counts of one service, in a registry of its own."""

    def __init__(self, service: Service) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "evergreen_requests", "Requests, by route and HTTP status.", ("route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "evergreen_request_seconds",
            "Time from a request's first line to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        about = ("recipe", "release")
        self._images = Counter(
            "evergreen_images",
            "Images, by whether they could be used.",
            (*about, "outcome"),
            registry=self.registry,
        )
        self._computed = Counter(
            "evergreen_compute_seconds", "Time of decoders and models.", about, registry=self.registry
        )
        self._unsure = Counter(
            "evergreen_unsure", "Answers below the release's threshold.", about, registry=self.registry
        )
        self._classes = Counter(
            "evergreen_answers", "Answers, by their likeliest class.", ("recipe", "label"), registry=self.registry
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_Now(service))

    async def heard(self, asked: Asked) -> None:
        """Count what was answered."""
        answers = asked.answers
        release = answers.release
        about = (release.recipe, release.release[:_DIGITS])
        for one in answers.images:
            self._images.labels(*about, "refused" if one.error else "answered").inc()
            if one.error:
                continue
            self._computed.labels(*about).inc(one.seconds)
            self._classes.labels(release.recipe, answers.top(one, 1)[0]["label"]).inc()
            if answers.unsure(one):
                self._unsure.labels(*about).inc()

    def told(self, request: dict[str, Any]) -> None:
        """Count a request, as the guard tells of it."""
        route = request.get("route", _OTHER)
        self._requests.labels(route, str(request["status"])).inc()
        self._seconds.labels(route).observe(request["milliseconds"] / 1000)

    def text(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        return generate_latest(self.registry)


class _Now:
    """What is so at the moment that somebody asks."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yield the release of each recipe, the line of images, the workers."""
        service = self._service
        info = GaugeMetricFamily(
            "evergreen_release",
            "The release that answers for a recipe: 1.",
            labels=("recipe", "release", "model", "run", "format", "proved"),
        )
        swaps = GaugeMetricFamily("evergreen_swaps", "How often another release took over.", labels=("recipe",))
        refused = GaugeMetricFamily(
            "evergreen_refused_releases", "Releases that were not taken: the old one stays.", labels=("recipe",)
        )
        for recipe in service.recipes:
            line = service.line(recipe)
            now = line.as_json()
            if now["release"]:
                proved = {None: "unknown", True: "yes", False: "no"}[now["proved"]]
                named = (now["release"][:_DIGITS], now["model"][:_DIGITS], now["run"] or "", now["format"], proved)
                info.add_metric([recipe, *named], 1)
            swaps.add_metric([recipe], line.swaps)
            refused.add_metric([recipe], len(line.refused))
        yield from (info, swaps, refused)
        pool = service.pool
        yield GaugeMetricFamily("evergreen_waiting_images", "Images that wait for a worker.", pool.waiting)
        yield GaugeMetricFamily("evergreen_workers", "Worker processes that run.", len(pool.pids))
        yield GaugeMetricFamily("evergreen_workers_lost", "Worker processes that ended and were replaced.", pool.lost)
