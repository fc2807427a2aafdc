"""storage.remote.packs: what an index says, and how blobs are divided into packs."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import RemoteDamaged
from storage.remote import packs
from storage.remote.packs import Index, planned


def _sizes(sizes: list[int]) -> dict[str, int]:
    return {hashlib.sha256(b"%d" % number).hexdigest(): size for number, size in enumerate(sizes)}


@given(st.lists(st.integers(0, 300_000), max_size=40), st.integers(1, 1_000_000))
def test_every_blob_lies_in_one_pack_beside_its_neighbour(given: list[int], most: int) -> None:
    sizes = _sizes(given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "_MOST", most)
        plans = planned(sizes)
    assert [digest for _, digests in plans for digest in digests] == list(sizes)
    for index, digests in plans:
        start = 0
        for digest in digests:
            assert index.find(digest) == (start, sizes[digest])
            start += sizes[digest]
        assert index.size == start
        assert start <= most or len(digests) == 1
        assert index.find("0" * 64) is None
        assert [found.hex() for found in index.digests()] == sorted(digests)


def test_an_index_is_known_by_its_name() -> None:
    [(index, _)] = planned(_sizes([3, 4]))
    assert Index.read(index.data, index.name) == index
    for data in (index.data[:-1], index.data[:48], b"", index.data[::-1]):
        with pytest.raises(RemoteDamaged, match=r"packs/.*\.index: expected that SHA-256"):
            Index.read(data, index.name)
