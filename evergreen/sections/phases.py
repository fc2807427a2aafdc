"""A phase of a training: what is trained, for how long, and how fast."""

from typing import Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.base import Section

Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]


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
