"""commands.exports: a format that passed says in which runtimes it was not tried."""

import io
from typing import Any

from rich.console import Console

from commands.exports import show_exports


def _export(name: str, verified: str, *runtimes: tuple[str, str, str]) -> dict[str, Any]:
    rows = [{"runtime": where, "verified": found, "reason": reason} for where, found, reason in runtimes]
    told = {"format": name, "verified": verified, "released": verified != "failed", "agreement": 1.0, "bytes": 300}
    return told | {"reason": "why [not]", "runtimes": rows}


def test_runtimes_that_are_not_there_stand_in_one_line_below_what_passed() -> None:
    absent = ("MediaPipe Tasks", "not verified", "not installed [yet]; make mediapipe")
    exports = [
        _export("tflite-float32", "passed", ("LiteRT interpreter", "passed", ""), absent),
        _export("tflite-int8", "passed", ("LiteRT interpreter", "passed", ""), absent),
        _export("tfjs", "not verified", ("Chromium, wasm", "not verified", "no browser")),
    ]
    out = io.StringIO()
    show_exports(Console(file=out, width=40), exports)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("tflite-float32  passed")
    told = "not verified in MediaPipe Tasks: tflite-float32, tflite-int8; not installed [yet]; make mediapipe"
    assert lines[-1] == f"beside     {told}"
    assert "why [not]" in " ".join(lines)  # of the format that is not verified, its own reason and no second line
    assert "no browser" not in out.getvalue()
