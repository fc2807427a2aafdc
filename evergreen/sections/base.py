"""What every section of a recipe has in common."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Range = tuple[float, float]


def hyphenated(text: str) -> str:
    """Return text in small letters and digits, with a hyphen in place of whatever stands between; it may be empty."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


class Section(BaseModel):
    """Frozen; unknown keys are refused; numbers are finite; defaults are checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @classmethod
    def at_present(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values of an earlier version under the names that they have now; nothing is validated."""
        return dict(values)
