"""What can go wrong with stored bytes.

StoreError
├── BadReference      a digest, kind or name that could not have come from a store
├── ArtifactMissing   nothing is stored under that digest
├── ArtifactDamaged   something is stored, but its bytes are not the ones that were published
├── ChampionMoved     another process changed who is the champion meanwhile; look again and decide anew
├── TwoChampions      this store and the remote each have a champion, and neither came of the other
├── StoreUnwritable   the disk is full, or the store may not be written
└── RemoteError       the remote behind the store cannot be used; what lies in the store is none the worse
    ├── RemoteUnreachable  no answer, cut off, or busy; trying again may help
    ├── RemoteRefused      no keys, wrong ones, or no right to do it
    ├── RemoteAbsent       there is no such bucket or folder
    ├── RemoteFull         it takes no more bytes
    └── RemoteDamaged      an object is not what was put there, or was deleted
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


class TwoChampions(StoreError):
    """This store and the remote each have a champion of one recipe, and neither history goes on from the other."""


class RemoteError(StoreError):
    """The remote behind the store cannot be used."""


class RemoteUnreachable(RemoteError):
    """The remote gives no answer, is cut off, or is busy."""


class RemoteRefused(RemoteError):
    """The remote wants other keys, or does not allow it."""


class RemoteAbsent(RemoteError):
    """There is no such bucket or folder."""


class RemoteFull(RemoteError):
    """The remote takes no more bytes."""


class RemoteDamaged(RemoteError):
    """An object of the remote is not what was put there, or is gone."""
