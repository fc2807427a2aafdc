"""Sections about the network and how it is trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.base import Fraction, Section

Backbone = Literal[
    "cnn", "EfficientNetLite0", "MobileNetV2", "MobileNetV3", "EfficientNetB0", "EfficientNetB1", "EfficientNetB2",
    "EfficientNetB3", "EfficientNetV2B0", "ResNet50", "ResNet152V2", "ConvNeXtTiny", "NASNetMobile",
]  # fmt: skip
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "linear"]
Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]


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


class EarlyStopping(Section):
    """Stop a phase that no longer gets better."""

    monitor: Monitor = Field("val_loss", description="What is watched.")
    patience: int = Field(5, ge=1, le=1000, description="Epochs without a better value.")


class ReduceOnPlateau(Section):
    """Lower the learning rate when progress stalls; its factor multiplies with that of `decay`."""

    monitor: Monitor = Field("val_loss", description="What is watched.")
    factor: float = Field(0.5, gt=0, lt=1, description="Factor applied to the learning rate.")
    patience: int = Field(5, ge=1, le=1000, description="Epochs without a better value.")
    min_learning_rate: float = Field(0, ge=0, le=1, description="Never below this.")


class Phase(Section):
    """One fit: what is trained, for how long, and how fast."""

    unfreeze: Literal["all", "none"] | int = Field(
        "all", description="Backbone layers that learn: all, none, or the N last."
    )
    batch_norm: Literal["trained", "frozen"] = Field(
        "trained",
        description="Batch norms of backbone layers that learn: trained, or frozen in inference mode, which is faster "
        "and often better with few images.",
    )
    epochs: int = Field(ge=1, le=10_000, description="Epochs at most.")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="Learning rate of the first epoch.")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field("adam", description="Optimizer.")
    batch: int = Field(32, ge=1, le=4096, description="Images per step.")
    decay: float = Field(1, gt=0, le=1, description="Factor on the learning rate after each epoch.")
    ema_momentum: float = Field(
        0,
        ge=0,
        lt=1,
        description="Judge and keep the exponential moving average of the weights, with this momentum a step; 0: the "
        "weights themselves. 0.999 averages over some thousand steps. Batch norms are then measured anew on images "
        "without augmentation, in a frozen phase on those that the epoch saw.",
    )
    early_stopping: EarlyStopping | None = Field(None, description="Stop when nothing gets better.")
    reduce_on_plateau: ReduceOnPlateau | None = Field(None, description="Lower the learning rate when progress stalls.")

    @model_validator(mode="after")
    def _unfreezes_a_layer(self) -> Self:
        if isinstance(self.unfreeze, int) and self.unfreeze < 1:
            raise ValueError(f"expected all, none or a number of layers of 1 or more; received {self.unfreeze}")
        return self


class StopWhen(Section):
    """Stop the whole training once both are over their thresholds."""

    accuracy: Fraction = Field(description="Training accuracy to exceed.")
    val_accuracy: Fraction = Field(description="Validation accuracy to exceed.")


class Train(Section):
    """The network and its phases."""

    backbone: Backbone = Field("EfficientNetLite0", description="cnn, or a network with pretrained weights.")
    weights: str = Field(
        "imagenet", min_length=1, description="imagenet, none, or the path of a weights file. Not for cnn."
    )
    cnn: tuple[Block, ...] = Field((), description="Blocks of the plain CNN, for backbone: cnn.")
    head: Head = Field(Head(), description="From features to classes.")
    phases: tuple[Phase, ...] = Field(min_length=1, description="Fits, one after the other.")
    keep: Literal["val_loss", "val_accuracy"] = Field("val_loss", description="The best epoch by this is the model.")
    stop_when: StopWhen | None = Field(None, description="Good enough: stop.")
    time_limit_minutes: float | None = Field(
        None, gt=0, le=10_080, description="Stop after this many minutes; a longer limit goes on from there."
    )
    views: int = Field(
        4, ge=1, le=100, description="Augmented views of each image that phases with a frozen backbone take in turn."
    )
    features_gib: float = Field(
        4, ge=0, le=1000, description="GiB that features of a frozen backbone may take; above, epochs run through it."
    )
    precision: Literal["auto", "float32"] = Field("auto", description="auto: a fixed rule by network and hardware.")
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto",
        description="Threads that TensorFlow computes on; they change a model's last digits. auto: the processors that "
        "the process may use (a container's quota of their time is not asked). A number makes "
        "machines agree to the byte where their precision and processors do.",
    )

    @model_validator(mode="after")
    def _blocks_go_with_cnn(self) -> Self:
        if (self.backbone == "cnn") != bool(self.cnn):
            raise ValueError("expected train.cnn to list blocks exactly when train.backbone is cnn")
        if self.backbone == "cnn" and any(phase.unfreeze != "all" for phase in self.phases):
            raise ValueError("expected unfreeze: all in every phase of a cnn, which has no backbone to freeze")
        if self.backbone == "cnn" and any(phase.batch_norm == "frozen" for phase in self.phases):
            raise ValueError("expected no batch_norm: frozen for a cnn, whose batch norms know nothing yet")
        return self
