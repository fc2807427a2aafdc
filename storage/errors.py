"""What can go wrong with stored bytes.

StoreError
├── BadReference      a digest, kind or name that could not have come from a store
├── ArtifactMissing   nothing is stored under that digest
├── ArtifactDamaged   something is stored, but its bytes are not the ones that were published
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


class StoreUnwritable(StoreError):
    """The store could not be written: disk full, read-only, or no permission."""
