"""runs.spread.agreeing: a worker whose answers would have other bytes is refused, and told in what it differs."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from evergreen.cluster import Address, Cluster
from evergreen.errors import BadInput
from runs.spread import agreeing
from runs.spread.agreeing import traits

ADDRESS = Address("tcp://127.0.0.1:1", "EVERGREEN_DASK")
CLUSTER = cast(Cluster, SimpleNamespace(where="Dask at tcp://127.0.0.1:1", address=ADDRESS))


def test_a_worker_with_the_same_traits_agrees_whatever_its_name() -> None:
    own = traits()
    replace(own, host="other").agree(CLUSTER)
    assert set(own.told) >= {"opencv-python-headless", "pillow", "decoders", "program", "processor"}


@pytest.mark.parametrize("name", ["numpy", "program", "processor", "what is made of drawn pictures"])
def test_any_difference_is_refused_with_what_to_do(name: str) -> None:
    own = traits()
    for told in ({**own.told, name: "other"}, {key: value for key, value in own.told.items() if key != name}):
        with pytest.raises(BadInput) as error:
            replace(own, host="box", told=told).agree(CLUSTER)
        received = told.get(name, "none")
        assert (
            f"a worker on box would answer with other bytes than this machine. {name}: expected {own.told[name]}, "
            in (str(error.value))
        )
        assert f"received {received}. Bring it to this program" in str(error.value)
        assert "start it again, or unset EVERGREEN_DASK; what was" in str(error.value)


def test_who_named_the_cluster_by_the_option_is_not_told_to_unset_the_variable() -> None:
    by_option = cast(Cluster, SimpleNamespace(where=CLUSTER.where, address=Address(ADDRESS.on)))
    with pytest.raises(BadInput, match="start it again, or leave --on out; what was answered so far is kept"):
        replace(traits(), told={}).agree(by_option)


def test_what_is_made_of_drawn_pictures_tells_other_decoders_and_instructions_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import cv2

    own, real = agreeing._drawn(), cv2.mean
    assert agreeing._drawn() == own
    monkeypatch.setattr(cv2, "mean", lambda grey: tuple(value + 0.01 for value in real(grey)))
    assert agreeing._drawn() != own
