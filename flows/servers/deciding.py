"""Which store decides on a recipe: one, of all whose runs one Prefect server knows, and the server remembers which.

Two workers with a store each would both find "no earlier model" and both have a champion, silently. So each decision is
noted on the server, in a Prefect variable of the recipe: the store's identity, folder and host, and the decision's
number, time and release. A run whose store is another one, or has that identity and not that decision (a copy, or a
backup brought back), is refused before it begins; and once more before it promotes, for two that began at once: a
variable is created for one of them alone. A person may say that a store takes over: ``evergreen adopt``.

Stores with a remote behind them have one champion, the remote's: there another store is said, and nothing is refused.
Nothing of this is asked of a private server, which is one store's. A server that does not answer the question is said.
"""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectAlreadyExists, PrefectException

from evergreen.addresses import shown
from evergreen.errors import BadInput, OtherStore
from evergreen.sections.refusing.told import TRY
from flows.say import say
from flows.servers.asked import DECIDES
from flows.servers.named_server import ServerUnavailable
from flows.servers.private_server import is_private
from flows.servers.server_runs import TAG
from runs.run import Run
from runs.shared.opening import behind_of
from storage.champions import Champions
from storage.identity import in_short, known_identity, renew, whereabouts
from storage.store import Store

_UNKNOWN = "the server was not asked, or not told, which store decides on this recipe, so that another may promote too"


@dataclass(frozen=True)
class Decided:
    """Which store decided last on a recipe, and what.

    Attributes:
        identity: the store's.
        folder: where it was.
        host: on which machine.
        number, time, release, event, run: of the decision, as in the store's history; 0 and empty before the first.
        noted: UTC time at which this was written, ISO 8601.
    """

    identity: str
    folder: str
    host: str
    number: int = 0
    time: str = ""
    release: str = ""
    event: str = ""
    run: str = ""
    noted: str = ""

    def __str__(self) -> str:
        """Say which store that is, where it was, and what it decided."""
        what = (
            f"{self.event} {self.release[:12]} at {self.time[:16].replace('T', ' ')}" if self.number else "nothing yet"
        )
        return f"store {in_short(self.identity)}, {self.folder} on {self.host}: {what}"


def decided_here(store: Store, recipe: str) -> Decided:
    """Return what a store decided last on a recipe, as it would be noted."""
    last = Champions(store.root).state(recipe).last
    place = whereabouts(store.root)
    here = Decided(place["identity"], place["folder"], place["host"])
    if last is None:
        return here
    return replace(here, number=last.number, time=last.time, release=last.release, event=last.event, run=last.run)


def last_decision(client: SyncPrefectClient, recipe: str) -> Decided | None:
    """Return which store decided last on a recipe, as a server remembers it; None if it remembers nothing."""
    return _read(client, recipe)[1]


def must_decide(run: Run) -> None:
    """Refuse a run whose store is not the one that decided last on its recipe.

    Raises:
        OtherStore: it is not.
    """

    def ask(client: SyncPrefectClient) -> None:
        if last := last_decision(client, run.recipe.name):
            _refuse_another(client, run, last, "Nothing was begun")

    _ask(ask)


@contextmanager
def deciding(run: Run) -> Iterator[None]:
    """Decide on a recipe inside: the store is noted as the one that does, and afterwards what it decided.

    Raises:
        OtherStore: another store decided meanwhile.
    """

    def claim(client: SyncPrefectClient) -> None:
        there, last = _read(client, run.recipe.name)
        if last is None:
            here = decided_here(run.store, run.recipe.name)
            if there:  # something that no store wrote
                _write(client, run.recipe.name, here)
            elif not _created(client, run.recipe.name, here):  # another run wrote first
                last = last_decision(client, run.recipe.name)
        if last:
            _refuse_another(client, run, last, "What was made is kept, and nothing was promoted")

    def note(client: SyncPrefectClient) -> None:
        here, last = decided_here(run.store, run.recipe.name), last_decision(client, run.recipe.name)
        if last and last.identity != here.identity and not behind_of(run.store):
            say(f"{run.recipe.name} was given to another store while this run promoted: {last}")
        elif last is None or replace(last, noted="") != here:
            _write(client, run.recipe.name, here)

    _ask(claim)
    yield
    _ask(note)


def decided_elsewhere(store: Store, recipe: str) -> str:
    """Return, in words, that another store decided last on a recipe whose model answers here; empty if none did.

    A store that may only be read is asked nothing that it would have to write.
    """
    found: list[str] = []

    def ask(client: SyncPrefectClient) -> None:
        if (last := last_decision(client, recipe)) and not _knows(store, recipe, last):
            found.append(f"another store decided last on {recipe}, so its champion may be another one: {last}")

    _ask(ask)
    return "".join(found)


def adopted(store: Store, recipe: str) -> tuple[Decided | None, Decided]:
    """Let a store decide on a recipe from now on; one that is a copy is given an identity of its own.

    Returns:
        Which store decided so far (None: none is known) and what is noted now.

    Raises:
        BadInput: neither the server nor the store knows the recipe.
        ServerUnavailable: the server does not answer, or refuses.
    """
    try:
        with get_client(sync_client=True) as client:
            last, here = last_decision(client, recipe), decided_here(store, recipe)
            if last is None and not here.number:
                raise BadInput(
                    f"expected a recipe on which a store decided, received {recipe!r}: neither this store nor "
                    f"{shown(str(client.api_url))} knows of one\n{TRY}evergreen champions"
                )
            if last and last.identity == here.identity and not _knows(store, recipe, last):
                renew(store.root)
                here = decided_here(store, recipe)
            _write(client, recipe, here)
    except (HTTPError, PrefectException) as error:
        raise ServerUnavailable(f"expected the server to note it, received: {type(error).__name__}: {error}") from error
    return last, here


def _ask(work: Callable[[SyncPrefectClient], object]) -> None:
    """Ask the server of the flow that runs here; nothing outside a flow's run, nor of a private server."""
    if FlowRunContext.get() is None:
        return
    with get_client(sync_client=True) as client:
        if is_private(str(client.api_url).rstrip("/")):
            return
        try:
            work(client)
        except (HTTPError, PrefectException) as error:
            say(f"{_UNKNOWN}: {type(error).__name__}: {error}")


def _refuse_another(client: SyncPrefectClient, run: Run, last: Decided, harm: str) -> None:
    """Refuse a run whose store is not the one that decided last, and say how to go on.

    Raises:
        OtherStore: it is another one, or a copy of it.
    """
    recipe, store = run.recipe.name, run.store
    if _knows(store, recipe, last):
        return
    if behind_of(store):
        say(f"another store decided last on {recipe}: {last}; the champion is the remote's, for both")
        return
    here, server = decided_here(store, recipe), shown(str(client.api_url))
    context = FlowRunContext.get()
    typed = str(((context and context.parameters) or {}).get("recipe") or recipe)  # a recipe may be named by its path
    is_copy = last.identity == here.identity
    why = (
        f"{recipe}: this folder is a copy, or an earlier state, of the store that decided last on the Prefect server "
        f"{server}, and lacks that decision"
        if is_copy
        else f"{recipe}: another store decided last on the Prefect server {server}"
    )
    lines = [
        f"{why}; a model promoted here would be a second champion. {harm}.",
        f"  expected: {last}",
        f"  received: {here}",
    ]
    if last.host != here.host or Path(last.folder).is_dir():
        where = "" if last.host == here.host else f", on {last.host}"
        lines += [
            f"to go on with the store that decided last{where} (a worker takes the one of EVERGREEN_STORE):",
            f"{TRY}evergreen retrain {shlex.quote(typed)} --store {shlex.quote(last.folder)}",
        ]
    lines += [
        "to let this store decide from now on, whatever became of the other:",
        f"{TRY}evergreen adopt {recipe} --store {shlex.quote(here.folder)}",
        "to have another recipe of it, with a champion of its own:",
        f"{TRY}evergreen retrain {shlex.quote(typed)} --name {recipe[:60]}-2",
    ]
    raise OtherStore("\n".join(lines))


def _knows(store: Store, recipe: str, last: Decided) -> bool:
    """Whether a store is the one that decided last: its identity, and the decision in its history."""
    if last.identity != known_identity(store.root):
        return False
    told = (last.number, last.time, last.release)
    history = Champions(store.root).history(recipe) if last.number else ()
    return not last.number or any((event.number, event.time, event.release) == told for event in history)


def _read(client: SyncPrefectClient, recipe: str) -> tuple[bool, Decided | None]:
    """Return whether a server has a recipe's variable, and what it says, if a store wrote it."""
    variable = client.read_variable_by_name(_variable(recipe))
    if variable is None:
        return False, None
    value: Any = variable.value
    known = [field.name for field in fields(Decided)]
    try:
        return True, Decided(**{name: value[name] for name in known if name in value})  # a later version may say more
    except TypeError:
        say(f"the Prefect variable {variable.name} does not say which store decided last: it will be written anew")
        return True, None


def _created(client: SyncPrefectClient, recipe: str, here: Decided) -> bool:
    """Write down which store decides where nothing is written; False if another run wrote first."""
    try:
        client.create_variable(VariableCreate(name=_variable(recipe), value=_value(here), tags=[TAG]))
    except ObjectAlreadyExists:
        return False
    return True


def _write(client: SyncPrefectClient, recipe: str, here: Decided) -> None:
    """Write down which store decides, whatever was written before."""
    if not _created(client, recipe, here):
        client.update_variable(VariableUpdate(name=_variable(recipe), value=_value(here)))


def _value(here: Decided) -> dict[str, Any]:
    return asdict(replace(here, noted=datetime.now(UTC).isoformat(timespec="seconds")))


def _variable(recipe: str) -> str:
    """Return the name of a recipe's variable: earlier servers know no hyphens there, and recipes no underscores."""
    return DECIDES + recipe.replace("-", "_")
