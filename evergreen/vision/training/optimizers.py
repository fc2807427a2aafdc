"""Each phase's optimizer, and at which rate each variable learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from evergreen.vision.networks import backbones, batch_norm
from evergreen.vision.networks.stages import stages

if TYPE_CHECKING:
    from evergreen.sections.phases import Phase


def optimizer_of(phase: Phase, model: Any) -> Any:
    """Return a phase's optimizer, without variables yet.

    ``weight_decay`` is decoupled from the gradient (Loshchilov and Hutter 2017, arXiv:1711.05101): before its update a
    variable loses ``weight_decay`` times its own rate of itself; those of one dimension (biases, what norms learn) lose
    nothing. ``momentum`` is Keras': ``v = momentum * v - rate * gradient``, which is added to the variable, and with
    ``nesterov`` ``momentum * v - rate * gradient`` in its place. Without factors on the rate, Keras' class as it is.

    Args:
        phase: its optimizer, momentum, nesterov, weight_decay, bias_rate, stage_rate and ema_momentum are read.
        model: what will learn: a classifier of ``networks.build``, or its head.
    """
    import keras

    kind: Any = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }[phase.optimizer]
    settings: dict[str, Any] = {}
    if phase.ema_momentum:
        settings |= {"use_ema": True, "ema_momentum": phase.ema_momentum}
    if phase.momentum:
        settings["momentum"] = phase.momentum
    if phase.nesterov:
        settings["nesterov"] = True
    if phase.weight_decay is not None:
        settings["weight_decay"] = phase.weight_decay
    if (phase.bias_rate, phase.stage_rate) != (1, 1):
        kind = _with_factors(kind, factors(phase, model))
    optimizer = kind(phase.learning_rate, **settings)
    if phase.weight_decay is not None:
        optimizer.exclude_from_weight_decay([weight for weight in model.weights if len(weight.shape) < 2])
    return optimizer


def factors(phase: Phase, model: Any) -> Callable[[Any], float]:
    """Return a function from a variable of a model to the factor on the learning rate at which it learns.

    The offsets of batch norms have ``bias_rate``, as in airbench94 (Jordan 2024, arXiv:2404.00498), where it is 64 for
    them alone: the bias behind a whitening convolution would grow until every GELU is a line. A variable of the
    backbone's n-th stage from its end has ``stage_rate`` ** n, and what is outside the backbone 1 (discriminative
    fine-tuning, Howard and Ruder 2018, arXiv:1801.06146, section 3.2). Both multiply.
    """
    offsets = {id(norm.beta) for norm in batch_norm.layers_of(model) if norm.center}
    backbone = next((layer for layer in model.layers if layer.name == backbones.NAME), None)
    stage_of: dict[int, int] = {}
    if backbone is not None and phase.stage_rate != 1:
        numbers = stages(backbone)
        stage_of = {id(weight): numbers[layer.name] for layer in backbone.layers for weight in layer.weights}

    def factor(variable: Any) -> float:
        bias = phase.bias_rate if id(variable) in offsets else 1.0
        return float(bias * phase.stage_rate ** stage_of.get(id(variable), 0))

    return factor


def _with_factors(kind: Any, factor: Callable[[Any], float]) -> Any:
    """Return a class of optimizers like one of Keras', in which each variable learns at its own rate."""

    class Factored(kind):
        def build(self, variables: Sequence[Any]) -> None:
            super().build(variables)
            self._factors = tuple(factor(variable) for variable in variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            super().update_step(gradient, variable, learning_rate * self._factor(variable))

        def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
            if self.weight_decay is None:
                return
            for variable in variables:
                if self._use_weight_decay(variable):
                    rate = self.learning_rate * self._factor(variable)
                    self.assign_sub(variable, variable * (self.weight_decay * rate))

        def _factor(self, variable: Any) -> float:
            return float(self._factors[self._get_variable_index(variable)])

    Factored.__name__ = kind.__name__
    return Factored
