"""The section about what a training sees of its images: changed, erased in part, mixed."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.background import Background
from evergreen.sections.base import Fraction, Range, Section

_BESIDE_MAGNITUDE = (
    *("magnitude", "fill", "background", "erasing", "mixup", "cutmix"),
    *("grey", "blur", "noise", "jpeg"),
)


class Erasing(Section):
    """Random erasing (Zhong et al. 2017, arXiv:1708.04896); with `size`, cutout (DeVries 2017, arXiv:1708.04552)."""

    probability: float = Field(0.5, gt=0, le=1, description="How often an image is erased in part; cutout: 1.")
    area: Range = Field((0.02, 0.33), description="Share of the image that the rectangle covers, drawn between these.")
    aspect: Range = Field((0.3, 3.3), description="Its height by its width, drawn between these on a log scale.")
    size: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="A square of this many pixels instead, its middle anywhere, cut off at the border: cutout."
    )
    fill: Literal["noise", "mean", "constant"] = Field(
        "noise", description="What is put there: noise of every pixel's own; the image's mean colour; constant: black."
    )

    @model_validator(mode="after")
    def _ranges_make_sense(self) -> Self:
        for name, lowest, highest in (("area", 0.0001, 1), ("aspect", 0.01, 100)):
            low, high = getattr(self, name)
            if not lowest <= low <= high <= highest:
                raise ValueError(
                    f"{name}: expected [low, high] within {lowest:g} and {highest:g}; received {[low, high]}"
                )
        default = type(self).model_fields
        beside = [name for name in ("area", "aspect") if getattr(self, name) != default[name].default]
        if self.size is not None and beside:
            raise ValueError(f"size is a square's: expected no {', '.join(beside)} beside it")
        return self


class RandAugment(Section):
    """RandAugment (Cubuk et al. 2019, arXiv:1909.13719): some operations an image, drawn from 14, all of one strength.

    Their strengths grow to those of AutoAugment (Cubuk et al. 2018, arXiv:1805.09501, table 6) at 30.
    """

    operations: int = Field(2, ge=1, le=14, description="How many operations are drawn for each image; one may recur.")
    magnitude: int = Field(
        9, ge=0, le=30, description="Strength of all; 30 is AutoAugment's strongest, which the paper's code calls 10."
    )


class Augment(Section):
    """Random changes to training images; validation and test are never augmented. All off by default."""

    background: Background | None = Field(
        None, description="Other scenes behind objects whose own background is uniform, before all other changes."
    )
    rotation: float = Field(0, ge=0, le=180, description="Rotation up to this many degrees either way.")
    width_shift: Fraction = Field(0.0, description="Horizontal shift up to this share of the width.")
    height_shift: Fraction = Field(0.0, description="Vertical shift up to this share of the height.")
    shear: float = Field(0, ge=0, le=90, description="Shear up to this many degrees.")
    zoom: Fraction = Field(0.0, description="Zoom in or out up to this share.")
    horizontal_flip: bool | Literal["alternate"] = Field(
        False,
        description="Mirror left and right; true: half of the time; alternate: in every other epoch, which ones by "
        "the image. A frozen phase counts its views.",
    )
    vertical_flip: bool = Field(False, description="Mirror top and bottom half of the time.")
    translate: int = Field(
        0, ge=0, le=512, description="Shift up to this many whole pixels either way, filled by reflection; exact."
    )
    brightness: Range | None = Field(None, description="Factor range for brightness, 1 keeps it.")
    contrast: Fraction = Field(0.0, description="Contrast factor within 1 plus or minus this.")
    hue: float = Field(0.0, ge=0, le=0.5, description="Hue shift up to this share of the colour circle.")
    channel_shift: float = Field(0, ge=0, le=255, description="Shift of each channel, in grey levels of 255.")
    grey: Fraction = Field(0.0, description="Share of views without colour: luminance (ITU-R BT.601) in all channels.")
    blur: float = Field(
        0.0,
        ge=0,
        le=0.25,
        description="Gaussian blur of half of the views, its standard deviation up to this share of the shorter side.",
    )
    noise: float = Field(
        0.0,
        ge=0,
        le=255,
        description="Gaussian noise on half of the views, its standard deviation up to this, in grey levels of 255.",
    )
    jpeg: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Half of the views, written as a JPEG of a quality from this to 100 and read again."
    )
    random_resolution: Range | None = Field(None, description="Scale range; then padded by reflection or cropped back.")
    magnitude: Annotated[float, Field(ge=0, le=0.5)] | None = Field(
        None, description="One strength m: flips; rotation, zoom, shifts of 2 m each; brightness, contrast, hue of m."
    )
    rand_augment: RandAugment | None = Field(None, description="Operations drawn from 14, all of one strength.")
    fill: Literal["nearest", "reflect", "wrap", "constant"] = Field(
        "nearest", description="What fills uncovered pixels."
    )
    erasing: Erasing | None = Field(None, description="Rectangles that are erased, after all other changes.")
    mixup: float = Field(
        0,
        ge=0,
        le=100,
        description="Blend each image and its label with another's, by a share of Beta(a, a) of this a; 0: off. "
        "Training accuracy then counts the larger share.",
    )
    cutmix: float = Field(
        0,
        ge=0,
        le=100,
        description="Paste a box of another image into each, its area by Beta(a, a) of this a, and mix labels by area; "
        "0: off. Beside mixup, half of the images each.",
    )

    @model_validator(mode="after")
    def _ranges_make_sense(self) -> Self:
        for name, lowest in (("brightness", 0.0), ("random_resolution", 0.1)):
            given = getattr(self, name)
            if given is not None and not lowest <= given[0] <= given[1] <= 10:
                raise ValueError(f"{name}: expected [low, high] within {lowest:g} and 10; received {list(given)}")
        others = [name for name in type(self).model_fields if name not in _BESIDE_MAGNITUDE]
        both = [name for name in others if getattr(self, name) != type(self).model_fields[name].default]
        if self.magnitude is not None and both:
            raise ValueError(f"magnitude sets all the others: expected no {', '.join(both)} beside it")
        return self
