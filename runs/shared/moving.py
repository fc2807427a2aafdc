"""What a person moves between the store and the remote: push, pull, fetch. Knows no Prefect, and no terminal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY
from evergreen.variables import REMOTE
from runs.releases import find_release, recipe_of
from runs.shared.cargo import cargo_of_release, cargo_of_summary
from runs.shared.opening import behind_of
from runs.shared.sharing import agree_or_raise, push_cargo
from storage.artifacts import Blob, Ref
from storage.champions import Champions
from storage.digests import is_digest
from storage.errors import ArtifactMissing, RemoteError, StoreError, TwoChampions
from storage.remote.behind import RemoteBehind
from storage.remote.push import Pushed
from storage.remote.remote import blob_name
from storage.runs import read_summary, summaries
from storage.steps.keys import KeyParts
from storage.steps.records import Records
from storage.store import Store

Say = Callable[[str], object]
_LEAST_DIGITS = 6


@dataclass(frozen=True)
class Moved:
    """What a push or a pull did.

    Attributes:
        runs: what was looked at: ids of runs, or of releases.
        objects: how many were put, or how many blobs came.
        size: their bytes.
        where: the remote's address.
    """

    runs: tuple[str, ...]
    objects: int
    size: int
    where: str


def needed(store: Store) -> RemoteBehind:
    """Return the remote behind a store, once it has answered.

    Raises:
        BadInput: none is named.
        RemoteError: it does not answer, or refuses.
    """
    behind = behind_of(store)
    if behind is None:
        raise BadInput(f"{REMOTE.name}: expected {REMOTE.expected}, it is not set\n{TRY}evergreen check")
    behind.remote.objects.ask()
    return behind


def push_all(store: Store, ref: str | None, say: Say) -> Moved:
    """Push a run or a release; None: every run of the store that came to something, and every champion.

    Args:
        store: what is pushed.
        ref: id of a run, or the beginning of a release's digest, or of a part of it.
        say: is told what cannot be pushed, where several are.

    Raises:
        BadInput, ArtifactMissing: the reference means nothing here.
        RemoteError: the remote does not take it.
    """
    where = needed(store).remote.objects.address
    if ref is not None:
        summary = read_summary(store, ref)
        release = None if summary else find_release(store, ref)
        if release:
            cargo = cargo_of_release(store, recipe_of(store, release), release)
        else:
            cargo = cargo_of_summary(store, summary or {})
        one = push_cargo(store, cargo, surely=True)
        return Moved((cargo.run,), one.objects, one.size, where)
    done: dict[str, Pushed] = {}
    for summary in summaries(store):
        cargo = cargo_of_summary(store, summary)
        try:
            if cargo.steps:
                done[cargo.run] = push_cargo(store, cargo, surely=not done)
        except RemoteError:
            raise
        except StoreError as error:  # garbage that was collected here
            say(f"run {cargo.run} is not pushed: {error}")
    for recipe in Champions(store.root).recipes():
        try:
            agree_or_raise(store, recipe)
        except TwoChampions as error:
            say(str(error))
    pushed = done.values()
    return Moved(tuple(done), sum(one.objects for one in pushed), sum(one.size for one in pushed), where)


def pull_all(store: Store, ref: str | None, say: Say) -> Moved:
    """Bring what runs made, whole: of a recipe its champion and its newest run, of a reference that one.

    What travels as its archive stays in it until a step needs it.

    Args:
        store: where to.
        ref: a recipe's name, id of a run, or the beginning of the digest of what one made; None: every recipe.
        say: is told of champions that came about apart.

    Raises:
        BadInput: it means nothing there.
        RemoteError: the remote does not answer, or refuses.
    """
    behind = needed(store)
    names = sorted((one.name for one in behind.remote.runs()), key=lambda name: (_run_of(name)[:1].isdigit(), name))
    recipes = sorted({name.split("/")[1] for name in names})
    wanted = [ref] if ref in recipes else recipes if ref is None else []
    for recipe in wanted:
        try:
            agree_or_raise(store, str(recipe))
        except TwoChampions as error:
            say(str(error))
    meant = [name for recipe in wanted for name in _of_recipe(store, behind, str(recipe), names)]
    if ref is not None and not meant:
        meant = [name for name in names if _run_of(name) == ref] or _that_made(behind, reversed(names), ref)
    if not meant:
        there = ", ".join(recipes) or "none yet: evergreen push puts some there"
        raise BadInput(
            f"expected a recipe, a run or the beginning of a digest in {behind.remote.objects.address}, received "
            f"{ref!r}; there are the recipes: {there}\n{TRY}evergreen pull"
        )
    before = _taken(store)
    for name in dict.fromkeys(meant):
        _bring(store, behind, behind.remote.run(name) or {"steps": {}}, say)
    if behind.lost:
        raise behind.lost
    for told in behind.refused:
        say(f"refused, and not brought: {told}")
    new = {digest: size for digest, size in _taken(store).items() if digest not in before}
    where = behind.remote.objects.address
    return Moved(tuple(map(_run_of, dict.fromkeys(meant))), len(new), sum(new.values()), where)


def fetch(store: Store, ref: str) -> dict[str, Path]:
    """Bring one artifact, or one file of one, and return {name of a file in the artifact: where it lies}.

    Args:
        store: where to.
        ref: its digest, or 6 digits of it or more.

    Raises:
        BadInput: it means nothing there, or several.
        RemoteError: the remote does not answer, or refuses.
        ArtifactMissing: what lies there cannot be relied on.
    """
    behind = needed(store)
    if len(ref) < _LEAST_DIGITS or not is_digest(ref.ljust(64, "0")):
        raise BadInput(
            f"expected {_LEAST_DIGITS} digits or more of the digest of an artifact or file, received {ref!r}; of a run "
            f"or recipe: evergreen pull {ref}\n{TRY}evergreen pull"
        )
    found = dict.fromkeys(behind.remote.beginning_with(ref))
    found |= dict.fromkeys(
        one.name.rpartition("/")[2]
        for one in behind.remote.objects.list(blob_name(ref).rpartition("/")[0])
        if one.name.rpartition("/")[2].startswith(ref)
    )
    if len(found) != 1:
        raise BadInput(
            f"expected the digest of one artifact or file in {behind.remote.objects.address}, received {ref!r}, which "
            f"names {len(found) or 'none'}\n{TRY}evergreen pull"
        )
    digest = next(iter(found))
    files = _files(store, digest)
    if lacking := [blob for blob in files.values() if not store.has_blob(blob) and not behind.bring(blob.sha256)]:
        if behind.lost:
            raise behind.lost
        why = "; ".join(behind.refused) or "it is a member of an archive, which a run takes out of it"
        raise ArtifactMissing(f"blob {lacking[0].sha256[:12]} and {len(lacking) - 1} more cannot be had: {why}")
    return {name: store.blob_path(blob.sha256) for name, blob in files.items()}


def _files(store: Store, digest: str) -> dict[str, Blob]:
    """Return the files of an artifact, or a file by itself, of which neither name nor size is known."""
    try:
        return dict(store.manifest(digest).files)
    except StoreError:  # a file, and no manifest
        return {digest[:12]: Blob(digest, -1)}


def _run_of(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".json")


def _of_recipe(store: Store, behind: RemoteBehind, recipe: str, names: Iterable[str]) -> list[str]:
    """Return the runs of a recipe's champion, and its newest; releases that were pushed without a run come first."""
    own = [name for name in names if name.startswith(f"runs/{recipe}/")]
    release = Champions(store.root).current(recipe)
    return [*own[-1:], *(_that_made(behind, reversed(own), release) if release else [])]


def _that_made(behind: RemoteBehind, names: Iterable[str], ref: str) -> list[str]:
    """Return the first of some runs that gave an artifact whose digest begins so."""
    for name in names if len(ref) >= _LEAST_DIGITS else ():
        told: Mapping[str, Any] = behind.remote.run(name) or {"steps": {}}
        if any(step["output"].startswith(ref) for step in told["steps"].values()):
            return [name]
    return []


def _bring(store: Store, behind: RemoteBehind, told: Mapping[str, Any], say: Say) -> None:
    """Bring the records of a run, what its steps gave and read, and what explains their keys."""
    records = Records(store)
    found = {name: records.read(step["key"]) for name, step in told["steps"].items()}
    for name in (name for name, record in found.items() if record is None):
        say(f"{name}: its record, or something that it needs, cannot be had: a run makes it again")
    kept = [record for record in found.values() if record]
    inputs = dict.fromkeys(digest for record in kept for digest in record.inputs.values())
    behind.bring_all(*(record.output for record in kept), *filter(None, (_known(store, digest) for digest in inputs)))
    behind.bring_small(record.key for record in kept)
    explained = [record.key for record in kept if store.blob_path(record.key).is_file()]
    behind.bring_small(code for key in explained for code in KeyParts.parse(store.read_blob(key)).code.values())


def _known(store: Store, digest: str) -> Ref | None:
    """Return an artifact, here or there; None: a step that is asked every time had another answer since."""
    try:
        return store.manifest(digest).ref()
    except StoreError:
        return None


def _taken(store: Store) -> dict[str, int]:
    """Return {digest: bytes} of the blobs that are here."""
    return {path.name: path.stat().st_size for path in (store.root / "blobs").glob("??/*")}
