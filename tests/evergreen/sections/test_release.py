"""evergreen.sections.release: formats once each, and trackers without secrets."""

import pytest
from pydantic import ValidationError

from evergreen.sections.release import Export, RetrainWhen, Track


def test_every_format_is_named_once() -> None:
    with pytest.raises(ValidationError, match="expected every format once"):
        Export(formats=("keras", "keras"))


def test_an_age_of_nothing_would_retrain_always() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        RetrainWhen(max_age_days=0)


@pytest.mark.parametrize("uri", ["https://me:pl4nted@host/", "https://host/?token=pl4nted"])
def test_a_trackers_address_holds_no_secret(uri: str) -> None:
    with pytest.raises(ValidationError, match="put it into MLFLOW_TRACKING_USERNAME"):
        Track(mlflow=uri)
    assert Track(mlflow="https://host/").mlflow == "https://host/"
