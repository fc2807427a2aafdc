"""The section of a report about new images: with the pictures that carry a difference. Knows no Prefect."""

from typing import Any

from evergreen.errors import EvergreenError
from storage.errors import StoreError
from storage.store import Store


def drift_section(store: Store, found: dict[str, Any] | None) -> str:
    """Return what a run's report says of new images, as HTML; empty where nobody compared them.

    Args:
        store: where the images are.
        found: as ``run.json`` has it under ``drift``.
    """
    if found is None:
        return ""
    from evergreen.images.thumbnails import embedded, thumbnail
    from evergreen.reports.drift import section  # late: OpenCV

    def address(digest: str) -> str | None:
        try:
            return embedded(thumbnail(store.read_blob(digest)))
        except (EvergreenError, StoreError):
            return None

    return section(found, address)
