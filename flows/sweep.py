"""A sweep: many trainings of one recipe, each with other values, judged by validation alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from httpx import HTTPError
from prefect import flow
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture

from evergreen.errors import BadInput, EvergreenError, TrackingFailed
from evergreen.images.processors import threads_of
from evergreen.recipe import Recipe
from evergreen.sections.sweep import Sweep
from evergreen.steps import READ_OF_DATA
from evergreen.sweeping.checking import check
from evergreen.sweeping.found import found_before
from evergreen.sweeping.naming import trial_name
from evergreen.sweeping.space import Space, notes_on
from evergreen.sweeping.values import recipe_of
from evergreen.tracking import mlflow_sweep
from flows.dashboard.run import show_recipe
from flows.dashboard.sweep import SweepShown
from flows.data import divided
from flows.outcome import tells_outcome
from flows.say import say
from flows.started import started
from runs.away.hands import hands_of
from runs.away.workers import Hands
from runs.run import Run, listener
from runs.summaries.sweep import SWEPT
from runs.sweeps.place import asked, folder_of, read_last, write_last
from runs.sweeps.sweeping import Sweeping
from runs.sweeps.threads import shared_out
from runs.sweeps.told import About, asked_of, told, written
from runs.sweeps.trials import Trial
from runs.sweeps.work import Judging, Pruning
from runs.tables import read_table
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.runs import run_folder, write_summary
from storage.store import Store
from tasks.away import Needs, images_of_journal, sent
from tasks.data.balance import balance
from tasks.data.probe import probe
from tasks.model.trial import Seeded, trial_called
from tasks.owed import settle_images
from tasks.telling import told_of

_SHOW_EVERY_SECONDS = 5.0
_STOP = "stop-"


@flow(name="sweep", flow_run_name="sweep {recipe}")
@tells_outcome
def sweep(
    recipe: str,
    sweep: dict[str, Any],
    source: str | list[str] | None = None,
    store: str | None = None,
    on: str | None = None,
) -> dict[str, Any]:
    """Train one recipe with many values, and say by validation which do best; test images are not touched.

    Args:
        recipe: what the sweep is called: its file's name, or the recipe's.
        sweep: what is tried, as a file in recipes/sweeps has it.
        source: a path, an address or kaggle:OWNER/DATASET in place of the recipe's source; a list joins several.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        on: ``dask``, or the address of a Dask scheduler; processes of this machine if empty.
    """
    sources = [source] if isinstance(source, str) else source or []
    space = check(Sweep.model_validate(sweep).named(recipe, sources=sources))
    also, notes = shared_out(space)
    base = recipe_of(space.sweep, {}, also=also)
    page = SweepShown()
    with started(base, store, SWEPT, partial(_show, page), "sweep") as (run, summary):
        data = _Data(run)
        inputs = data.of(base)
        folder = folder_of(run.store, space, base, inputs)
        with _alone(run.store, folder), _hands(on, space, run.store) as hands:
            about = About(
                run.id,
                recipe,
                hands.where,
                int((read_table(run.store, inputs["dataset"])["split"] == "validation").sum()),
                [*notes_on(space), *notes],
                threads_of(base.train),
                datetime.now(UTC),
            )
            for note in about.notes:
                if note not in base.remarks:  # these are said of every run
                    say(note)
            _swept(run, about, Sweeping(space, folder, also), data, hands, page)
    return summary


def _swept(run: Run, about: About, sweeping: Sweeping, data: _Data, hands: Hands, page: SweepShown) -> None:
    """Have every trial done, tell of them while they are, and write down what they came to, whatever ends it."""
    stop = sweeping.folder / f"{_STOP}{run.id}"
    shown = 0.0

    def begin(trial: Trial, recipes: Sequence[Recipe], pruning: Pruning | None) -> _Begun:
        trainings = [
            Seeded(
                recipe,
                **data.of(recipe),
                told=sweeping.told_of(trial.number, recipe.seed),
                stop=stop,
                images=data.images_of(recipe),
            )
            for recipe in recipes
        ]
        name = trial_name({"number": trial.number, "values": trial.values})
        with told_of(name):  # the thread that it runs in takes this along
            begun = trial_called(name).submit(run, trainings, hands, pruning, trial.fitted)
        return _Begun(begun, trial, len(trainings))

    def look() -> None:
        nonlocal shown
        now = told(about, sweeping)
        if hearing := listener.get():
            hearing.sweep(now)
        if time.monotonic() - shown >= _SHOW_EVERY_SECONDS:
            _shown_now(page, now)
            shown = time.monotonic()

    try:
        sweeping.run(begin, look)
    except BaseException:
        with suppress(OSError):  # a full disk, say, of which the error tells that is raised
            stop.touch()
        run.journal.sweep = _written(run, told(about, sweeping, "stopped"))
        raise
    now = told(about, sweeping)
    before = read_last(sweeping.folder)
    earlier = found_before(before, now["trials"], now["over"], about.validation) if before else None
    right = {} if earlier else _right(run, now, sweeping, data, hands)
    found = told(about, sweeping, "out of budget" if sweeping.out_of_budget else "completed", right, earlier)
    run.journal.sweep = _written(run, found)
    write_last(sweeping.folder, found)
    if hearing := listener.get():
        hearing.sweep(found)


class _Data:
    """What a training takes from the steps before it; they run once for all trials that share their values."""

    def __init__(self, run: Run) -> None:
        self._run, self._known, self._images = run, dict[str, dict[str, Ref]](), dict[str, dict[str, Ref]]()

    def of(self, recipe: Recipe) -> dict[str, Ref]:
        """Return ``dataset`` and ``weights`` of a trial's recipe: divided by the recipe's own seed, whatever a trial's.

        Else a trial of another seed would learn from what are test images of the recipe.
        """
        recipe, values = self._asked(recipe)
        if values not in self._known:
            run = replace(self._run, recipe=recipe)
            dataset = divided(run, probe(run)).dataset
            settle_images(run)  # processes that see this store need no remote
            self._images[values] = images_of_journal(run)
            self._known[values] = {"dataset": dataset, "weights": balance(run, dataset=dataset)}
        return self._known[values]

    def images_of(self, recipe: Recipe) -> dict[str, Ref]:
        """Return the artifacts that the images of a trial's recipe are in, once ``of`` was asked for it."""
        return self._images[self._asked(recipe)[1]]

    def _asked(self, recipe: Recipe) -> tuple[Recipe, str]:
        recipe = recipe.model_copy(update={"seed": self._run.recipe.seed})
        return recipe, repr(recipe.choices(READ_OF_DATA))


class _Begun:
    """A trial that Prefect runs in a thread, which waits for a process."""

    def __init__(self, future: PrefectFuture[Any], trial: Trial, trainings: int) -> None:
        self._future, self._trial, self._trainings = future, trial, trainings

    def is_over(self) -> bool:
        """Whether it has ended.

        Raises:
            Exception: it ended by a fault of ours, not of its training.
        """
        self._future.wait(timeout=0)
        if not self._future.state.is_final():
            return False
        if len(self._trial.fitted) < self._trainings and not any(one.why for one in self._trial.fitted):
            self._future.result()
        return True


@contextmanager
def _alone(store: Store, folder: Path) -> Iterator[None]:
    """Have a search for oneself: two that ask at once would each do every trial.

    Raises:
        BadInput: another sweep asks the same at this moment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0, thread_local=False, fallback_to_soft=False):
            for old in folder.glob(f"{_STOP}*"):  # of sweeps that were stopped, and whose workers have heard of it
                old.unlink()
            asked(store, folder)
            yield
    except Timeout:
        raise BadInput(
            f"expected one sweep of these values at a time, another one runs; its trials are in {folder}"
        ) from None


@contextmanager
def _hands(on: str | None, space: Space, store: Store) -> Iterator[Hands]:
    hands = hands_of(on, space.sweep.parallel, store.root / "logs" / "sweep.txt")
    try:
        yield hands
    finally:
        hands.close()


def _right(
    run: Run, now: Mapping[str, Any], sweeping: Sweeping, data: _Data, hands: Hands
) -> dict[int, np.ndarray | None]:
    """Return which validation images the two best trials are right about, (S, N) bool, a row a seed."""
    found: dict[int, np.ndarray | None] = {}
    for trial in asked_of(now["trials"]):
        rows = []
        for one in trial["seeds"]:
            recipe = recipe_of(sweeping.space.sweep, trial["values"], one["seed"], sweeping.also)
            model, dataset = run.store.manifest(one["model"]).ref(), data.of(recipe)["dataset"]
            judging = Judging(run.store.root, recipe, model, dataset)
            try:
                rows.append(sent(run, hands, judging, Needs(recipe, (model, dataset), data.images_of(recipe))))
            except (EvergreenError, StoreError, OSError) as error:
                say(f"the lead is not tested: {error}")
        found[trial["number"]] = np.array(rows) if len(rows) == len(trial["seeds"]) else None
    return found


def _written(run: Run, found: dict[str, Any]) -> dict[str, Any]:
    written(run_folder(run.store, run.id), found)
    return found


def _shown_now(page: SweepShown, now: Mapping[str, Any]) -> None:
    """Show a sweep that goes on; a server that does not answer costs nothing but the look."""
    try:
        page.show(now)
    except (HTTPError, PrefectException) as error:
        say(f"the sweep could not be shown: {error}")


def _show(page: SweepShown, run: Run, summary: dict[str, Any]) -> None:
    """Tell MLflow of a sweep and show it in the dashboard; what stands there of the recipe's model stays."""
    if run.journal.sweep and run.recipe.track.mlflow:
        summary["tracking"] = {"mlflow": _tracked(run.recipe.track.mlflow, run.journal.sweep)}
        write_summary(run.store, summary)
    show_recipe(run)
    if run.journal.sweep:
        page.show(run.journal.sweep)


def _tracked(uri: str, found: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return mlflow_sweep.tell(uri, found)
    except TrackingFailed as error:
        say(str(error))
        return {"error": str(error)}
