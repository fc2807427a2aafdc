"""Sections about the network: the blocks of a plain CNN, and the head."""

from typing import Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.base import Section

Backbone = Literal[
    "cnn", "EfficientNetLite0", "EfficientNetLite1", "EfficientNetLite2", "MobileNetV2", "MobileNetV3",
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetV2B0", "ResNet50",
    "ResNet152V2", "ConvNeXtTiny", "NASNetMobile",
]  # fmt: skip
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "linear"]


class Block(Section):
    """One block of a plain CNN: convolutions, each with a batch norm and an activation behind it, and a pooling."""

    filters: int = Field(ge=1, le=2048, description="Filters of each convolution.")
    convolutions: int = Field(1, ge=1, le=4, description="Convolutions in the block.")
    kernel: int = Field(3, ge=1, le=11, description="Kernel height and width in pixels.")
    padding: Literal["same", "valid"] = Field(
        "same", description="same: borders are filled with zeros; valid: only where the kernel fits."
    )
    activation: Activation = Field("relu", description="Activation after each convolution.")
    batch_norm: bool = Field(True, description="Batch normalisation after each convolution.")
    batch_norm_scale: bool = Field(
        True, description="Batch norms learn a scale; without, only an offset, as in airbench94."
    )
    batch_norm_momentum: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Of the batch norms' moving moments, a step; short trainings need a lower one: 0.6 in airbench94.",
    )
    initialization: Literal["glorot", "identity"] = Field(
        "glorot",
        description="First weights. identity: as many filters as there are channels pass them on as they are, the "
        "others are PyTorch's uniform ones, as in airbench94.",
    )
    residual: bool = Field(
        False,
        description="Convolutions after the first are a branch that is added to what the first gives, as in ResNet-9.",
    )
    whiten: bool = Field(
        False,
        description="The first block alone: its convolution is fixed to the eigenvectors of 5,000 training patches, "
        "each with both signs; only its bias learns.",
    )
    pool: Literal["max", "average", "none"] = Field("max", description="2x2 pooling.")
    pool_position: Literal["end", "first"] = Field(
        "end",
        description="end: of the block; first: right after its first convolution, before the norm and the activation, "
        "which then have a quarter to do.",
    )
    dropout: float = Field(0, ge=0, lt=1, description="Dropout at the end of the block.")

    @model_validator(mode="after")
    def _whitens_every_number_of_a_patch_twice(self) -> Self:
        wanted = 2 * 3 * self.kernel**2
        if self.whiten and (self.convolutions, self.filters) != (1, wanted):
            raise ValueError(
                f"expected whiten: true with convolutions: 1 and filters: {wanted}, two for each of the "
                f"{wanted // 2} numbers of a patch of {self.kernel}x{self.kernel} pixels; received convolutions: "
                f"{self.convolutions} and filters: {self.filters}"
            )
        return self

    @model_validator(mode="after")
    def _adds_what_has_one_shape(self) -> Self:
        if self.residual and self.convolutions < 2:
            raise ValueError("expected residual: true with convolutions: 2 or more, since the first is outside")
        if self.residual and self.convolutions > 1 and self.padding == "valid" and self.kernel > 1:
            raise ValueError("expected residual: true with padding: same, else the branch is smaller than its input")
        return self


class HeadConvolution(Section):
    """A convolution between the backbone and the pooling."""

    filters: int = Field(ge=1, le=4096, description="Filters.")
    kernel: int = Field(3, ge=1, le=11, description="Kernel height and width in pixels.")
    separable: bool = Field(False, description="Depthwise separable.")
    activation: Activation = Field("relu", description="Activation.")
    batch_norm: Literal["none", "trained", "frozen"] = Field("none", description="Batch normalisation after it.")


class Dense(Section):
    """One dense layer of the head."""

    units: int = Field(ge=1, le=8192, description="Units.")
    activation: Activation = Field("relu", description="Activation.")
    l2: float = Field(0, ge=0, le=1, description="L2 penalty on the weights.")
    dropout: float = Field(0, ge=0, lt=1, description="Dropout after the activation.")


class Head(Section):
    """What stands between the features and the float32 softmax."""

    convolutions: tuple[HeadConvolution, ...] = Field((), description="Convolutions before the pooling.")
    pooling: Literal["average", "max", "flatten"] = Field("average", description="How feature maps become a vector.")
    dense: tuple[Dense, ...] = Field((), description="Dense layers before the output.")
    dropout: float = Field(0, ge=0, lt=1, description="Dropout right after the pooling.")
    output_bias: bool = Field(True, description="The output layer has a bias.")
    output_scale: float = Field(
        1, gt=0, le=100, description="Factor on what goes into the softmax: 1/9 in airbench94, 1/8 in ResNet-9."
    )
