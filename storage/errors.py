"""What can go wrong with stored bytes.

StoreError
├── BadReference      a digest, kind or name that could not have come from a store
├── ArtifactMissing   nothing is stored under that digest
├── ArtifactDamaged   something is stored, but its bytes are not the ones that were published
├── ChampionMoved     another process changed who is the champion meanwhile; look again and decide anew
└── StoreUnwritable   the disk is full, or the store may not be written
"""


class StoreError(Exception):
    """Base of every error that storage raises."""


class BadReference(StoreError):
    """A digest, kind or file name has a form that the store never produces."""


class ArtifactMissing(StoreError):
    """Nothing is stored under the digest that was asked for."""


class ArtifactDamaged(StoreError):
    """Stored bytes do not have the digest or size under which they were published."""


class ChampionMoved(StoreError):
    """Who is the champion, pinned or blocked is no longer what the decision was taken on."""


class StoreUnwritable(StoreError):
    """The store could not be written: disk full, read-only, or no permission."""
