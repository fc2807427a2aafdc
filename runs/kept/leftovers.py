"""What steps left in a store that nobody takes up again: partial downloads, checkpoints, memories of old code."""

import json
from pathlib import Path

from runs.kept.caches import kinds_memo, memo_prefix
from storage.artifacts import Blob
from storage.store import Store
from storage.upkeep import untouched


def orphans(store: Store, days: float) -> dict[str, list[Path]]:
    """Return {folder of the store: files and folders in it that nobody takes up}, sorted.

    Args:
        store: where they lie.
        days: what was written to since then stays, whatever it is.
    """
    return {
        "checkpoints": untouched(store.root / "checkpoints", days),
        "memos": untouched(store.root / "memos", days, in_use=[memo_prefix(), kinds_memo()]),
        "downloads": _downloads(store, days),
    }


def _downloads(store: Store, days: float) -> list[Path]:
    """Return partial files, and memories of downloads whose file is no longer stored."""
    old = untouched(store.root / "downloads", days)
    return [path for path in old if path.suffix != ".json" or not _is_kept(store, path)]


def _is_kept(store: Store, memory: Path) -> bool:
    try:
        finished = json.loads(memory.read_bytes())["finished"]
        return store.has_blob(Blob(finished["sha256"], finished["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False
