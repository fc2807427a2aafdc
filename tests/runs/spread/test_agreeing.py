"""runs.spread.agreeing: a worker whose answers would have other bytes is refused, and told in what it differs."""

from dataclasses import replace

import pytest

from evergreen.errors import BadInput
from runs.spread import agreeing
from runs.spread.agreeing import traits


def test_a_worker_with_the_same_traits_agrees_whatever_its_name() -> None:
    own = traits()
    replace(own, host="other").agree("Dask")
    assert set(own.told) >= {"opencv-python-headless", "pillow", "decoders", "program", "processor"}


@pytest.mark.parametrize("name", ["numpy", "program", "processor", "what is made of drawn pictures"])
def test_any_difference_is_refused_with_what_to_do(name: str) -> None:
    own = traits()
    for told in ({**own.told, name: "other"}, {key: value for key, value in own.told.items() if key != name}):
        with pytest.raises(BadInput) as error:
            replace(own, host="box", told=told).agree("Dask at tcp://127.0.0.1:1")
        received = told.get(name, "none")
        assert (
            f"a worker on box would answer with other bytes than this machine. {name}: expected {own.told[name]}, "
            in (str(error.value))
        )
        assert f"received {received}. Bring it to this program" in str(error.value)


def test_what_is_made_of_drawn_pictures_tells_other_decoders_and_instructions_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import cv2

    own, real = agreeing._drawn(), cv2.mean
    assert agreeing._drawn() == own
    monkeypatch.setattr(cv2, "mean", lambda grey: tuple(value + 0.01 for value in real(grey)))
    assert agreeing._drawn() != own
