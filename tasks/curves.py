"""Loss and accuracy of a training that goes on, as a small SVG: drawn anew after an epoch, so without Matplotlib."""

from collections.abc import Mapping, Sequence

from evergreen.reports.figures import BLUE, GREY, ORANGE

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 360, 200, 52, 26, 24
_PANELS = (("loss", "loss", "val_loss"), ("accuracy", "accuracy", "val_accuracy"))
_FONT = 'font-family="sans-serif" font-size="12"'


def curves(epochs: Sequence[int], metrics: Sequence[Mapping[str, float]]) -> str:
    """Return an SVG of two panels, training and validation in each; its ground is transparent, for light and for dark.

    Args:
        epochs: number of each epoch, ascending, one or more.
        metrics: loss, accuracy, val_loss and val_accuracy of each; what is not finite has no point.
    """
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}" width="{2 * _WIDTH}">']
    for number, (title, ours, validation) in enumerate(_PANELS):
        parts.append(f'<g transform="translate({number * _WIDTH} 0)">')
        lines = ((BLUE, [one[ours] for one in metrics]), (ORANGE, [one[validation] for one in metrics]))
        parts += _panel(title, epochs, lines)
        parts.append("</g>")
    return "".join([*parts, "</svg>"])


def _panel(title: str, epochs: Sequence[int], lines: Sequence[tuple[str, list[float]]]) -> list[str]:
    """Return the elements of one panel: axes, their ends, a line and a last point for each series."""
    shown = [value for _, values in lines for value in values if _is_finite(value)] or [0.0]
    low, high = min(shown), max(shown)
    span, length = (high - low) or 1.0, (epochs[-1] - epochs[0]) or 1
    right, foot = _WIDTH - 16, _HEIGHT - _BOTTOM

    def at(epoch: int, value: float) -> tuple[float, float]:
        return _LEFT + (right - _LEFT) * (epoch - epochs[0]) / length, foot - (foot - _TOP) * (value - low) / span

    parts = [
        f'<path d="M{_LEFT} {_TOP}V{foot}H{right}" fill="none" stroke="{GREY}"/>',
        _text(_LEFT, 14, f"{title} by epoch", "start"),
        _text(right, 14, f'<tspan fill="{BLUE}">training</tspan> <tspan fill="{ORANGE}">validation</tspan>', "end"),
        _text(_LEFT - 5, _TOP + 9, f"{high:.3g}", "end"),
        _text(_LEFT - 5, foot, f"{low:.3g}", "end"),
        _text(_LEFT, _HEIGHT - 7, str(epochs[0]), "start"),
        _text(right, _HEIGHT - 7, str(epochs[-1]), "end"),
    ]
    for colour, values in lines:
        points = [at(epoch, value) for epoch, value in zip(epochs, values, strict=True) if _is_finite(value)]
        if points:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts.append(f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="3" fill="{colour}"/>')
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{GREY}" {_FONT}>{text}</text>'


def _is_finite(value: float) -> bool:
    return abs(value) < float("inf")
