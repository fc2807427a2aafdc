"""What a look needs of a model that another machine trained: who is champion, and what the run that made it recorded.

A run agrees with the remote on the champion when it starts. A look runs nothing, and its store may never have seen a
run: it asks only where the store knows of no champion, or has no record of the one that it knows of. Files come when
they are read. Knows no Prefect.
"""

from runs.shared.opening import behind_of
from runs.shared.sharing import agree
from storage.champions import Champions
from storage.errors import RemoteError
from storage.steps.records import Records
from storage.store import Store

REFERENCE = "reference"  # the last step about a model that is no part of its release


def champion_brought(store: Store, recipe: str) -> list[str]:
    """Learn from the remote who is champion of a recipe, and what made it, where the store does not know.

    Args:
        store: whose champions count; without a remote behind it nothing happens.
        recipe: the recipe's name.

    Returns:
        What a person should know: that the remote does not answer, or that two champions came about apart.
    """
    behind, champions, records = behind_of(store), Champions(store.root), Records(store)
    if behind is None:
        return []
    told = [] if champions.current(recipe) else agree(store, recipe)
    release = champions.current(recipe)
    if release is None or behind.lost or any(one.output.sha256 == release for one in records.all("bundle")):
        return told
    try:
        own = sorted(one.name for one in behind.remote.runs() if one.name.startswith(f"runs/{recipe}/"))
        for name in reversed(own):
            steps = (behind.remote.run(name) or {"steps": {}})["steps"]
            if release not in [step["output"] for step in steps.values()]:
                continue
            for step in steps.values():
                records.read(step["key"])
            if REFERENCE in steps:  # what stands there of a release alone lacks it
                break
    except RemoteError as error:
        behind.lost = error
        told.append(f"going on without the remote: {error}")
    return told


def recipes_there(store: Store) -> list[str]:
    """Return the names of recipes of which runs lie in the remote; none where there is no remote, or no answer."""
    behind = behind_of(store)
    if behind is None or behind.lost:
        return []
    try:
        return sorted({one.name.split("/")[1] for one in behind.remote.runs()})
    except RemoteError as error:
        behind.lost = error
        return []
