"""evergreen.sections.phases: what a phase may say."""

from typing import Any

import pytest

from evergreen.sections.phases import Phase


@pytest.mark.parametrize("layers", [0, -3])
def test_a_phase_unfreezes_a_layer_or_more(layers: int) -> None:
    with pytest.raises(ValueError, match=f"a number of layers of 1 or more; received {layers}"):
        Phase(epochs=1, unfreeze=layers)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"momentum": 0.9}, "momentum with optimizer: sgd or rmsprop; received adam, which has moments of its own"),
        ({"momentum": 0.9, "optimizer": "adamw"}, "received adamw"),
        ({"momentum": 0.9, "nesterov": True, "optimizer": "rmsprop"}, "nesterov with optimizer: sgd"),
        ({"nesterov": True, "optimizer": "sgd"}, "a momentum above 0; received sgd and momentum 0"),
        ({"stage_rate": 0.5, "unfreeze": "none"}, "received 0.5 and unfreeze: none, where no stage learns"),
        ({"start_factor": 0.2}, "received 0.2 and no warmup"),
        ({"start_factor": 0.2, "schedule": "one-cycle", "warmup": 0}, "received 0.2 and no warmup"),
        ({"end_factor": 0.2, "warmup": 0.1}, "received 0.2 and constant"),
        ({"batch": 65_537}, "less than or equal to 65536"),
    ],
)
def test_what_nothing_would_come_of_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Phase(epochs=1, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"momentum": 0.9, "nesterov": True, "optimizer": "sgd"},
        {"momentum": 0.9, "optimizer": "rmsprop"},
        {"stage_rate": 0.5, "unfreeze": 3},
        {"start_factor": 0.2, "warmup": 0.1},
        {"start_factor": 0.2, "end_factor": 0.07, "schedule": "triangular"},
        {"end_factor": 0.07, "schedule": "cosine"},
    ],
)
def test_what_belongs_together_may_be_said(fields: dict[str, Any]) -> None:
    assert Phase(epochs=1, **fields)


def test_a_schedule_that_rises_has_a_share_to_rise_in() -> None:
    rises = {kind: Phase(epochs=1, schedule=kind).rises for kind in ("constant", "cosine", "one-cycle", "triangular")}
    assert rises == {"constant": 0, "cosine": 0, "one-cycle": 0.3, "triangular": 0.3}
    assert Phase(epochs=1, schedule="one-cycle", warmup=0).rises == 0
