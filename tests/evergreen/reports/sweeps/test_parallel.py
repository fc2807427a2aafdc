"""evergreen.reports.sweeps.parallel: a line a trial over all axes, the best on top; and it is well-formed XML."""

from typing import Any

import made_sweeps
import pytest
from pages import svg_of

from evergreen.reports.sweeps.parallel import axes_of, parallel, width_of

SVG = "{http://www.w3.org/2000/svg}"


def _lines(svg: str) -> dict[int, list[tuple[float, float]]]:
    """Return number of a trial -> the points of its line, in the order of drawing."""
    found = {}
    for group in svg_of(svg).iter(f"{SVG}g"):
        if "data-trial" in group.attrib:
            pairs = group.findall(f"{SVG}polyline")[-1].attrib["points"].split()
            found[int(group.attrib["data-trial"])] = [tuple(map(float, pair.split(","))) for pair in pairs]
    return found  # type: ignore[return-value]


def test_a_line_goes_over_every_axis_and_ends_where_a_trial_did() -> None:
    made = made_sweeps.grid()
    axes = [axis.title for axis in axes_of(made)]
    assert axes == ["backbone", "magnitude", "accuracy", "val_accuracy", "loss", "val_loss"]
    lines = _lines(parallel(made))
    assert {number: len(points) for number, points in lines.items()} == {
        number: 2 if number in (4, 9) else 6 for number in range(10)
    }
    assert list(lines)[-1] == made["best"] == 7
    top = min(y for points in lines.values() for _, y in points)
    assert lines[7][3][1] == top  # the highest validation accuracy
    assert max(x for points in lines.values() for x, _ in points) < width_of(made)


@pytest.mark.parametrize("name", ["tpe", "single", "all_failed", "hostile"])
def test_every_sweep_can_be_drawn(name: str) -> None:
    made: dict[str, Any] = getattr(made_sweeps, name)()
    svg = parallel(made, ink="#123456")
    assert len(_lines(svg)) == len(made["trials"])
    assert 'fill="#123456"' in svg
    assert "currentColor" not in svg
    assert not {element.tag for element in svg_of(svg).iter()} & {f"{SVG}script", f"{SVG}img"}
