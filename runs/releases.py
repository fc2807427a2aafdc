"""A release: the artifact that can become champion. It names a model and everything that proves it. No Prefect.

Its manifest has no files of its own; its facts are ``recipe``, the recipe's name, ``parts``: dataset, model,
evaluation, exports and verification, each a reference, and ``serve``, where the recipe says how it is to answer over
HTTP. So everything that a champion is can be had from its digest.
"""

import re
from collections.abc import Mapping
from typing import Any

from evergreen.sections.refusing.told import TRY
from storage.artifacts import Manifest, Ref
from storage.errors import ArtifactMissing, BadReference
from storage.steps.records import Records
from storage.store import Store

KIND = "release"

_ANY_RELEASE = "evergreen promote REF"
_DIGITS = re.compile(r"[0-9a-f]{6,64}\Z")


def release_of(recipe: str, parts: Mapping[str, Ref], serve: Mapping[str, Any] | None = None) -> Manifest:
    """Return the manifest of a release.

    Args:
        recipe: the recipe's name.
        parts: dataset, model, evaluation, exports, verification.
        serve: what the recipe says in its section ``serve``, without what it leaves alone.
    """
    facts: dict[str, Any] = {"recipe": recipe, "parts": {name: ref.as_json() for name, ref in parts.items()}}
    return Manifest(KIND, {}, facts | ({"serve": dict(serve)} if serve else {}))


def parts_of(store: Store, release: str) -> dict[str, Ref]:
    """Return what a release names: dataset, model, evaluation, exports, verification.

    Args:
        store: where it is.
        release: its SHA-256.

    Raises:
        BadReference: the artifact is no release.
        ArtifactMissing, ArtifactDamaged: it cannot be read.
    """
    manifest = store.manifest(release)
    if manifest.kind != KIND:
        raise BadReference(f"expected a release, {release[:12]} is a {manifest.kind}")
    return {name: Ref.from_json(value) for name, value in manifest.facts["parts"].items()}


def recipe_of(store: Store, release: str) -> str:
    """Return the name of the recipe that a release was made by; raises as ``parts_of``."""
    parts_of(store, release)
    return str(store.manifest(release).facts["recipe"])


def whole_parts_of(store: Store, release: str) -> dict[str, Ref]:
    """Return what a release names once every file of it was seen in the store.

    Raises:
        ArtifactMissing: something of it is missing, and what to do about it.
        BadReference, ArtifactDamaged: as ``parts_of``.
    """
    parts = parts_of(store, release)
    if lost := [name for name, ref in parts.items() if not store.is_whole(ref)]:
        recipe = recipe_of(store, release)
        raise ArtifactMissing(
            f"release {release[:12]} of {recipe} is not whole: files of its {', '.join(lost)} are missing or damaged. "
            "Retrain the recipe as it was then, or make another release champion with evergreen promote: they are in "
            f"evergreen champions {recipe}"
        )
    return parts


def by_hand(text: str, ref: str) -> str:
    """Return what a gate said, with the line to type for a person who decides otherwise.

    Args:
        text: a sentence of ``release.judge``, which knows no run, or what holds some of them.
        ref: what ``evergreen promote`` takes, of the run or release that was judged.
    """
    return text.replace(_ANY_RELEASE, f"evergreen promote {ref}")


def find_release(store: Store, ref: str) -> str:
    """Return the release that the beginning of a digest means: its own, or that of a part; then the newest with it.

    Raises:
        ArtifactMissing: it means none, or the beginnings of several releases.
    """
    records = list(Records(store).all("bundle")) if _DIGITS.match(ref) else []
    own = {record.output.sha256 for record in records if record.output.sha256.startswith(ref)}
    if len(own) == 1:
        return own.pop()
    for record in records if not own else ():
        if any(digest.startswith(ref) for digest in record.inputs.values()):
            return record.output.sha256
    raise ArtifactMissing(
        f"expected a run's id, or 6 digits or more of the digest of a release, or of a model in one, in {store.root}; "
        f"received {ref!r}, which names {len(own) or 'none'}\n{TRY}evergreen runs"
    )
