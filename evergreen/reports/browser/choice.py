"""Which of a run's exports its page runs, by what ``verify`` measured (docs/decisions/0026)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LITERT_JS = "LiteRT.js, wasm"
_TFJS = ("tfjs", "tfjs-float16", "tfjs-uint8")  # the first that may be released is taken
_CHROMIUM = "Chromium, wasm"
# Medians of one verify that are closer than this are one: other work on the machine moves them as far.
_AS_FAST = 1.1


@dataclass(frozen=True)
class Choice:
    """An export that a page runs.

    Attributes:
        engine: ``litert`` or ``tfjs``.
        format: the export's.
        proof: format, runtime, verified, agreement, count, median_ms; the last ones None where nothing was measured.
        reason: why this one, in words.
    """

    engine: str
    format: str
    proof: Mapping[str, Any]
    reason: str


def choose(exports: Sequence[Mapping[str, Any]]) -> list[Choice]:
    """Return what a page runs, in the order in which it tries them: one of LiteRT.js, one of TensorFlow.js, or both.

    Of the TFLite exports that passed in LiteRT.js, the fastest there; of those within a tenth of the fastest, the
    smallest. Their agreement was judged by ``verify``'s bars, which each of them reached. One that nobody could verify
    in LiteRT.js comes after a TensorFlow.js export that passed. An export that failed anywhere is shown nowhere.

    Args:
        exports: ``exports`` of run.json.
    """
    released = [entry for entry in exports if entry["verified"] != "failed"]
    lite, graph = _litert(released), _tfjs(released)
    proved = lite is not None and lite.proof["verified"] == "passed"
    second = not proved and graph is not None and graph.proof["verified"] == "passed"
    found = [graph, lite] if second else [lite, graph]
    return [choice for choice in found if choice is not None]


def _litert(released: Sequence[Mapping[str, Any]]) -> Choice | None:
    rows = [
        (entry, row)
        for entry in released
        if entry["format"].startswith("tflite") and (row := _row(entry, LITERT_JS)) is not None
    ]
    passed = [(entry, row) for entry, row in rows if row["verified"] == "passed"]
    measured = [row["median_ms"] for _, row in passed if row.get("median_ms")]
    if passed and measured:
        limit = _AS_FAST * min(measured)
        fast = [(entry, row) for entry, row in passed if row.get("median_ms") and row["median_ms"] <= limit]
        entry, row = min(fast, key=lambda pair: (pair[0]["bytes"], pair[0]["format"]))
        return Choice("litert", entry["format"], _proof(entry, row), _why(entry, passed))
    if passed:
        entry, row = min(passed, key=lambda pair: (pair[0]["bytes"], pair[0]["format"]))
        return Choice("litert", entry["format"], _proof(entry, row), "the smallest; how fast each is was not measured")
    if rows:  # nobody could try it: the answers nearest to Keras' in the LiteRT interpreter, then the smallest
        entry, row = min(rows, key=lambda pair: (-(pair[0]["agreement"] or 0), pair[0]["bytes"], pair[0]["format"]))
        return Choice("litert", entry["format"], _proof(entry, row), f"not verified in LiteRT.js: {row['reason']}")
    return None


def _why(chosen: Mapping[str, Any], passed: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> str:
    if len(passed) == 1:
        return "the only TFLite export that passed in LiteRT.js"
    told = (
        f"{entry['format']} {row['median_ms']:.3g} ms, {entry['bytes'] / 1e6:.1f} MB"
        for entry, row in passed
        if row.get("median_ms")
    )
    return f"{chosen['format']} is the smallest of the fastest in LiteRT.js: {'; '.join(told)}"


def _tfjs(released: Sequence[Mapping[str, Any]]) -> Choice | None:
    by_format = {entry["format"]: entry for entry in released}
    entry = next((by_format[name] for name in _TFJS if name in by_format), None)
    if entry is None:
        return None
    row = _row(entry, _CHROMIUM) or {}
    weakest = {name: entry.get(name) for name in ("verified", "agreement")}
    proof = _proof(entry, {"runtime": "TensorFlow.js", "median_ms": row.get("median_ms")} | weakest)
    return Choice("tfjs", entry["format"], proof, "TensorFlow.js, where LiteRT.js cannot run")


def _row(entry: Mapping[str, Any], runtime: str) -> Mapping[str, Any] | None:
    return next((row for row in entry.get("runtimes", ()) if row["runtime"] == runtime), None)


def _proof(entry: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: row.get(name) for name in ("runtime", "verified", "agreement", "median_ms")}
    return {"format": entry["format"], **told, "count": entry.get("count")}
