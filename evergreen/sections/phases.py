"""A phase of a training: what is trained, for how long, and how fast."""

from typing import Literal, Self

from pydantic import Field, model_validator

from evergreen.sections.base import Section

Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
Schedule = Literal["constant", "cosine", "one-cycle", "triangular"]

_RISE = 0.3


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
    learning_rate: float = Field(
        1e-3, gt=0, le=10, description="Learning rate of the first epoch; with a schedule, its highest."
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field("adam", description="Optimizer.")
    momentum: float = Field(0, ge=0, lt=1, description="Momentum of sgd and rmsprop; the others have their own.")
    nesterov: bool = Field(False, description="Nesterov's momentum, for sgd.")
    weight_decay: float | None = Field(
        None,
        ge=0,
        le=10,
        description="Decoupled weight decay: in each step a weight loses this share of itself, times its own learning "
        "rate. Biases and what a norm learns (every variable of one dimension) do not decay. null: none, but for adamw "
        "Keras' 0.004, on every variable.",
    )
    bias_rate: float = Field(
        1, gt=0, le=1000, description="The offsets of batch norms learn at this multiple of the learning rate."
    )
    stage_rate: float = Field(
        1,
        gt=0,
        le=1,
        description="Each stage of the backbone (what lies between two halvings of the resolution) learns at this "
        "multiple of the rate of what follows it; the head, which follows the last stage, at the full rate.",
    )
    batch: int = Field(32, ge=1, le=65_536, description="Images per step.")
    decay: float = Field(1, gt=0, le=1, description="Factor on the learning rate after each epoch.")
    schedule: Schedule = Field(
        "constant",
        description="How the learning rate goes from step to step over the phase's planned epochs, times decay and "
        "reduce_on_plateau. cosine: half a cosine down. one-cycle: half a cosine up, half one down, momentum as it is. "
        "triangular: a line up, a line down. history names an epoch's last rate.",
    )
    warmup: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Share of the phase's planned steps in which the rate rises; constant and cosine rise in a line. "
        "null: 0.3 for one-cycle and triangular, else 0.",
    )
    start_factor: float = Field(
        0.04, ge=0, le=1, description="The first step's factor on the learning rate where it rises."
    )
    end_factor: float = Field(
        0, ge=0, le=1, description="The last planned step's factor on the learning rate where it falls."
    )
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

    @property
    def rises(self) -> float:
        """Share of the planned steps in which the learning rate rises."""
        if self.warmup is not None:
            return self.warmup
        return _RISE if self.schedule in ("one-cycle", "triangular") else 0.0

    @model_validator(mode="after")
    def _has_what_it_is_told(self) -> Self:
        if self.momentum and self.optimizer not in ("sgd", "rmsprop"):
            raise ValueError(
                f"expected momentum with optimizer: sgd or rmsprop; received {self.optimizer}, which has moments of "
                "its own: leave momentum out"
            )
        if self.nesterov and (self.optimizer != "sgd" or not self.momentum):
            raise ValueError(
                f"expected nesterov with optimizer: sgd and a momentum above 0; received {self.optimizer} and momentum "
                f"{self.momentum:g}"
            )
        if self.stage_rate != 1 and self.unfreeze == "none":
            raise ValueError(
                f"expected a phase that unfreezes layers of the backbone to have a stage_rate; received "
                f"{self.stage_rate:g} and unfreeze: none, where no stage learns"
            )
        return self

    @model_validator(mode="after")
    def _schedule_uses_its_factors(self) -> Self:
        fields = type(self).model_fields
        if not self.rises and self.start_factor != fields["start_factor"].default:
            raise ValueError(
                f"expected start_factor where the rate rises; received {self.start_factor:g} and no warmup: say how "
                "long, as in warmup: 0.1"
            )
        if self.schedule == "constant" and self.end_factor != fields["end_factor"].default:
            raise ValueError(
                f"expected end_factor with a schedule that falls (cosine, one-cycle, triangular); received "
                f"{self.end_factor:g} and constant"
            )
        return self
