"""runs.answering.prediction: one way of naming images, and nothing in a batch that is stored and shown."""

import pytest

from evergreen.errors import BadInput
from runs.answering.prediction import Request, refuse_in_batch, understand
from storage.store import Store


@pytest.mark.parametrize(
    "request_", [Request(), Request(paths=["a"], sample=1), Request(sample=1, unlabelled=True)], ids=str
)
def test_images_are_named_in_one_way_alone(store: Store, request_: Request) -> None:
    with pytest.raises(BadInput, match="and one of these alone"):
        understand(request_, store)


def test_a_batch_holds_no_secret_and_has_no_standard_input() -> None:
    with pytest.raises(BadInput, match="a batch has no standard input"):
        refuse_in_batch(Request(paths=["a.png", "-"]))
    with pytest.raises(BadInput, match=r"the URL https://host/a\.png holds") as refused:
        refuse_in_batch(Request(paths=["https://host/a.png?sig=pl4nted"]))
    assert "pl4nted" not in str(refused.value)
    refuse_in_batch(Request(paths=["a.png?", "https://host/a.png?id=1"]))
