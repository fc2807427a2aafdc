"""Lists of names in one line, for sentences."""

from collections.abc import Iterable


def some(names: Iterable[str], most: int = 4) -> str:
    """Return the first names with commas, and how many more there are."""
    known = list(names)
    return ", ".join(known[:most]) + (f" and {len(known) - most:,} more" if len(known) > most else "")


def counted(counts: dict[str, int], most: int = 6) -> str:
    """Return such as ``12 Git LFS pointers``, for counts of kinds as ``kind_of`` calls them."""
    return some((f"{count:,} {_bare(kind, count)}" for kind, count in counts.items()), most)


def _bare(kind: str, count: int) -> str:
    for article in ("a ", "an "):
        if kind.startswith(article):
            return kind.removeprefix(article) + ("s" if count != 1 else "")
    return kind
