"""Challengers beside the champions of a service, from its start to its end: opened, asked, counted, written about."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from evergreen.errors import BadInput, EvergreenError
from runs.serving.answers import Release
from runs.serving.service import Service
from runs.serving.trying.challenger import canary, challengers
from runs.serving.trying.compared import CHALLENGER, CHAMPION
from runs.serving.trying.report import PAGE, write
from runs.serving.trying.shadow import Shadow
from runs.shared.opening import held
from storage.errors import StoreError

_WRITE_SECONDS = 60.0
_DIGITS = 12


@dataclass(frozen=True)
class Tried:
    """Which challengers are tried, and how.

    Attributes:
        refs: ids of runs, or digests of releases or models, one of a recipe.
        share: of the requests, which they answer themselves; 0: none.
        folder: where reports go; None: below the store.
    """

    refs: tuple[str, ...]
    share: float = 0.0
    folder: Path | None = None


class Trial:
    """The trial of some challengers; a collector of its counts for Prometheus."""

    def __init__(self, service: Service, tried: Tried, say: Callable[[str], None]) -> None:
        """Touch nothing yet."""
        self._service, self._tried, self._say = service, tried, say
        self._challengers: dict[str, Release] = {}
        self._folders: dict[str, Path] = {}
        self._began = _now()
        self._written: dict[str, list[dict[str, Any]]] = {}
        self._writing: asyncio.Task[None] | None = None
        self.shadow = Shadow(service, {})

    async def start(self) -> None:
        """Open the challengers in a service that has started, and listen to it.

        Raises:
            BadInput: one means no release, is of a recipe that is not served, or is refused; or no report can be
                written.
        """
        for recipe, release in (await asyncio.to_thread(self._meant)).items():
            if recipe not in self._service.recipes:
                served = ", ".join(self._service.recipes) or "none"
                raise BadInput(f"the challenger {release[:_DIGITS]} is of {recipe}, which is not served: {served}")
            try:
                self._challengers[recipe] = await self._service.line(recipe).hold(release)
            except (EvergreenError, StoreError, OSError) as error:
                raise BadInput(f"the challenger {release[:_DIGITS]} of {recipe} is refused: {error}") from error
            self._folders[recipe] = self._folder(recipe, release)
        self.shadow = Shadow(self._service, self._challengers)
        for recipe, folder in self._folders.items():
            try:
                await asyncio.to_thread(write, folder, self.told(recipe))
            except (OSError, StoreError) as error:
                raise BadInput(f"the report cannot be written: {error}; name a folder with --shadow-report") from error
        self._service.listeners.append(self.shadow.heard)
        if self._tried.share:
            releases = {recipe: one.release for recipe, one in self._challengers.items()}
            self._service.choose = canary(
                releases, self._tried.share, lambda recipe: self._service.release_of(recipe).release
            )
        for recipe, one in self._challengers.items():
            part = f"answers {100 * self._tried.share:g}% and " if self._tried.share else ""
            where = self._folders[recipe] / PAGE
            self._say(f"shadow: {recipe}: challenger {one.release[:_DIGITS]} {part}is compared: {where}")
        self._writing = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Ask nothing any more, and write the reports."""
        self.shadow.close()
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            for words in await self._write():
                self._say(words)

    def told(self, recipe: str) -> dict[str, Any]:
        """Return what the report of a recipe says, as plain values."""
        return {
            "recipe": recipe,
            "challenger": self._challengers[recipe].as_json(),
            "canary": self._tried.share or None,
            "began": self._began,
            "written": _now(),
            "compared": [pair.as_json() for pair in self.shadow.of(recipe)],
        }

    def collect(self) -> Iterator[Metric]:
        """Yield the counts of this moment."""
        labels = ("recipe", "champion", "challenger")
        images = CounterMetricFamily(
            "evergreen_shadow_images", "Images of two releases, by what came of it.", labels=(*labels, "outcome")
        )
        seconds = CounterMetricFamily(
            "evergreen_shadow_compute_seconds",
            "Time of decoders and models, for images that both answered.",
            labels=(*labels, "role"),
        )
        unsure = CounterMetricFamily(
            "evergreen_shadow_unsure", "Answers below the release's own threshold.", labels=(*labels, "role")
        )
        difference = GaugeMetricFamily(
            "evergreen_shadow_difference", "Mean absolute difference of probabilities.", labels=labels
        )
        for pair in self.shadow.all():
            about = [
                pair.champion.recipe,
                pair.champion.release[:_DIGITS],
                pair.challenger.release[:_DIGITS],
            ]
            for outcome, count in pair.outcomes().items():
                images.add_metric([*about, outcome], count)
            for role in (CHAMPION, CHALLENGER):
                seconds.add_metric([*about, role], pair.seconds[role])
                unsure.add_metric([*about, role], pair.unsure[role])
            if pair.difference is not None:
                difference.add_metric(about, pair.difference)
        yield from (images, seconds, unsure, difference)

    def _meant(self) -> dict[str, str]:
        with held(self._service.settings.store) as store:
            return challengers(store, self._tried.refs)

    def _folder(self, recipe: str, release: str) -> Path:
        root = self._tried.folder or self._service.settings.store / "shadow"
        began = "".join(char for char in self._began[:19] if char.isalnum())
        return root / f"{recipe}-{release[:_DIGITS]}-{began}"

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_SECONDS)
            await self._write()

    async def _write(self) -> list[str]:
        """Write the reports of what changed, and return what is to be said of each at the end."""
        said = []
        for recipe, folder in self._folders.items():
            told = self.told(recipe)
            if told["compared"] != self._written.get(recipe):
                try:
                    await asyncio.to_thread(write, folder, told)
                except (OSError, StoreError) as error:
                    said.append(f"shadow: {recipe}: {in_words(told)}; the report cannot be written: {error}")
                    continue
                self._written[recipe] = told["compared"]
            said.append(f"shadow: {recipe}: {in_words(told)}: {folder / PAGE}")
        return said


def in_words(told: Mapping[str, Any]) -> str:
    """Return how far the newest champion and the challenger agree, in a few words."""
    if not told["compared"] or not told["compared"][0]["images"]:
        return "nothing was compared"
    pair = told["compared"][0]
    aside = f", {pair['not_asked']:,} not asked" if pair["not_asked"] else ""
    return f"they agree on {100 * pair['agreement']:.2f} % of {pair['images']:,} images{aside}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
