"""Sections about the network: the blocks of a plain CNN, and the head."""

from typing import Literal

from pydantic import Field

from evergreen.sections.base import Section

Backbone = Literal[
    "cnn", "EfficientNetLite0", "EfficientNetLite1", "EfficientNetLite2", "MobileNetV2", "MobileNetV3",
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetV2B0", "ResNet50",
    "ResNet152V2", "ConvNeXtTiny", "NASNetMobile",
]  # fmt: skip
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "linear"]


class Block(Section):
    """One block of a plain CNN."""

    filters: int = Field(ge=1, le=2048, description="Filters of each convolution.")
    convolutions: int = Field(1, ge=1, le=4, description="Convolutions in the block.")
    kernel: int = Field(3, ge=1, le=11, description="Kernel height and width in pixels.")
    batch_norm: bool = Field(True, description="Batch normalisation after each convolution.")
    pool: Literal["max", "average", "none"] = Field("max", description="2x2 pooling at the end of the block.")
    dropout: float = Field(0, ge=0, lt=1, description="Dropout at the end of the block.")


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
