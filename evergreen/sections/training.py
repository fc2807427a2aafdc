"""The section about the network and its training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.base import Fraction, Section
from evergreen.sections.network import Backbone, Block, Head
from evergreen.sections.phases import Phase
from evergreen.sections.teacher import Teacher


class StopWhen(Section):
    """Stop the whole training once both are over their thresholds."""

    accuracy: Fraction = Field(description="Training accuracy to exceed.")
    val_accuracy: Fraction = Field(description="Validation accuracy to exceed.")


class Train(Section):
    """The network and its phases."""

    backbone: Backbone = Field(
        "EfficientNetLite0",
        description="cnn, or a network with pretrained weights. "
        "EfficientNetLite1's learned from images of 240 pixels, EfficientNetLite2's from 260, EfficientNetLite0's from "
        "224.",
    )
    weights: str = Field(
        "imagenet", min_length=1, description="imagenet, none, or the path of a weights file. Not for cnn."
    )
    cnn: tuple[Block, ...] = Field((), description="Blocks of the plain CNN, for backbone: cnn.")
    head: Head = Field(Head(), description="From features to classes.")
    phases: tuple[Phase, ...] = Field(
        min_length=1,
        description="Fits, one after the other. Without, the network brings its own, and its head and size where they "
        "are not set: frozen epochs, then its later layers, or all; for cnn, blocks too.",
    )
    label_smoothing: float = Field(
        0,
        ge=0,
        lt=1,
        description="Share of each training label that goes to all classes alike; validation has plain labels.",
    )
    focal: float = Field(
        0,
        ge=0,
        le=10,
        description="Focal loss in training, with this gamma; 0: cross-entropy, by which validation is always judged.",
    )
    teacher: Teacher | None = Field(None, description="Who teaches the network beside the labels (distillation).")
    keep: Literal["val_loss", "val_accuracy"] = Field("val_loss", description="The best epoch by this is the model.")
    stop_when: StopWhen | None = Field(None, description="Good enough: stop.")
    time_limit_minutes: float | None = Field(
        None,
        gt=0,
        le=10_080,
        description="Stop after this many minutes of training; a longer limit goes on from there. The features of a "
        "frozen backbone do not count: they are computed once for all trainings.",
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
    devices: Literal["all"] | Annotated[int, Field(ge=1, le=64)] = Field(
        1,
        description="GPUs that train one network together, each on its part of every batch (docs/many-machines.md). "
        "all: as many as TensorFlow finds, or the processor. It changes a model's last digits and what dropout draws.",
    )

    @model_validator(mode="after")
    def _blocks_go_with_cnn(self) -> Self:
        if (self.backbone == "cnn") != bool(self.cnn):
            raise ValueError(
                "expected train.cnn to list blocks exactly when train.backbone is cnn: leave train.cnn out, or choose "
                "train.backbone: cnn with blocks in train.cnn, as in recipes/cifar10.yaml"
            )
        if self.backbone == "cnn" and any(phase.unfreeze != "all" for phase in self.phases):
            raise ValueError("expected unfreeze: all in every phase of a cnn, which has no backbone to freeze")
        if self.backbone == "cnn" and any(phase.batch_norm == "frozen" for phase in self.phases):
            raise ValueError("expected no batch_norm: frozen for a cnn, whose batch norms know nothing yet")
        if any(block.whiten for block in self.cnn[1:]):
            raise ValueError("expected whiten: true in the first block of train.cnn alone, which sees the images")
        if self.backbone == "cnn" and any(phase.stage_rate != 1 for phase in self.phases):
            raise ValueError("expected no stage_rate for a cnn, which has no pretrained stages: leave it out")
        return self

    @model_validator(mode="after")
    def _each_device_has_an_image(self) -> Self:
        least = min((phase.batch for phase in self.phases), default=1)
        if isinstance(self.devices, int) and self.devices > least:
            raise ValueError(
                f"expected train.devices of at most the images of a batch, {least} in the smallest phase; received "
                f"{self.devices}: lower train.devices, or raise train.phases.N.batch"
            )
        return self
