"""The section about wrong labels."""

from typing import Literal

from pydantic import Field

from evergreen.sections.base import Section


class Diagnose(Section):
    """How labels are judged."""

    enabled: bool = Field(True, description="Whether labels are judged by a probe; false: by nobody.")
    images: int = Field(
        5000,
        ge=10,
        le=10_000_000,
        description="Training images, stratified, whose labels are judged beside all of validation and test; as many "
        "as evaluate.baseline_images have their features already.",
    )
    features: Literal["auto", "pixels", "EfficientNetLite0"] = Field(
        "auto",
        description="What images are compared by. auto: what train.backbone sees with its pretrained weights; without "
        "such, what EfficientNetLite0 sees from 64 pixels a side, else pixels.",
    )
