"""The web page of a run: gather what it shows from the store, and write it."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from evergreen.errors import BadInput
from evergreen.judging.judged import judged_split
from evergreen.paths import can_be_named
from evergreen.reports.browser import webpage
from evergreen.reports.browser.choice import Choice, choose
from runs.answering.in_charge import in_charge, without_champion
from runs.answering.reading import screen_of
from runs.summaries.summary import output_of, run_summary
from runs.tables import CALIBRATION, classes_of, read_json, read_table
from storage.artifacts import Ref
from storage.champions import Champions
from storage.runs import run_folder
from storage.store import Store


def write_page(store: Store, run_id: str | None, out: Path | None, formats: Collection[str] | None = None) -> Path:
    """Write the page of a run, whole or not at all, and return its folder.

    Args:
        store: where the run is.
        run_id: the run; None takes that of the model in charge, as ``in_charge`` says.
        out: the folder; None takes ``web/`` in the run's own. An earlier page there is replaced.
        formats: of which one for each engine is shown; None takes all that the run has.

    Raises:
        BadInput: there is no such run, it has no export that a browser can run and that may be shown, what runs it
            there is not installed, or the folder holds something else.
        ArtifactMissing: no run was named, and files of the champion are missing or damaged.
    """
    summary, caution = _named(store, run_id) if run_id else _in_charge(store)
    folder = (out or run_folder(store, summary["id"]) / "web").absolute()
    if not can_be_named(folder):
        raise BadInput(f"expected a folder for the page, received a name that is too long: {folder}; choose --out")
    if folder.exists() and not (folder.is_dir() and _may_be_replaced(folder)):
        raise BadInput(f"expected an empty folder or an earlier page, found something else in {folder}; choose --out")
    shown = _shown(store, summary, caution, formats)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(prefix=".page-", dir=folder.parent))
    try:
        webpage.write(shown, store.read_blob, aside / "page")
        if folder.exists():
            folder.rename(aside / "earlier")
        (aside / "page").rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def caution_on(folder: Path) -> str:
    """Return why the answers of a page are to be taken with care, as it says itself; empty if they are not."""
    found = json.loads((folder / webpage.PAGE).read_text(encoding="utf-8"))["caution"]
    return str(found["words"]) if found else ""


def models_on(folder: Path) -> list[str]:
    """Return what a page runs, a line each, in the order in which it tries them."""
    found = json.loads((folder / webpage.PAGE).read_text(encoding="utf-8"))["models"]
    return [_in_words(model) for model in found]


def _in_words(model: dict[str, Any]) -> str:
    proof = model["proof"]
    name = {"litert": "LiteRT.js", "tfjs": "TensorFlow.js"}[model["engine"]]
    parts = [f"{proof['format']} in {name}", f"{model['bytes'] / 1e6:.1f} MB"]
    parts += [f"median {proof['median_ms']:.3g} ms"] if proof["median_ms"] else []
    parts += [f"agreement {proof['agreement']:.2%}"] if proof["agreement"] is not None else []
    parts += [] if proof["verified"] == "passed" else [str(proof["verified"])]
    return f"{', '.join(parts)} ({model['reason']})"


def _shown(
    store: Store, summary: dict[str, Any], caution: webpage.Caution | None, formats: Collection[str] | None
) -> webpage.Shown:
    chosen = _chosen(summary, formats)
    exports, dataset, evaluation = (_output(store, summary, step) for step in ("export", "split", "evaluate"))
    table = read_table(store, dataset)
    classes = classes_of(store, exports)
    settings, metrics = summary["settings"], summary["metrics"]
    model = _output(store, summary, "train")
    judged = judged_split(metrics)
    return webpage.Shown(
        title=settings["title"] or summary["recipe"],
        recipe=summary["recipe"],
        run=summary["id"],
        classes=classes,
        image=settings["image"],
        models=tuple(_model(store, exports, choice) for choice in chosen),
        digest=exports.sha256,
        unsure=_unsure(store, evaluation),
        samples=webpage.choose_samples(table, classes),
        card={
            "network": settings["train"]["backbone"],
            "judged": {"split": judged, **{name: metrics[judged][name] for name in ("accuracy", "count")}},
            "trained": metrics["train"]["count"],
            "digests": {
                "model": model.sha256,
                "export": exports.sha256,
                "dataset": dataset.sha256,
            },
        },
        screen=screen_of(store, model.sha256, dataset.sha256),
        caution=caution,
    )


def _named(store: Store, run_id: str) -> tuple[dict[str, Any], webpage.Caution | None]:
    """Return a run that somebody names, and what the page must say of it: its recipe may have no champion at all."""
    summary = run_summary(store, run_id)
    if Champions(store.root).current(summary["recipe"]):
        return summary, None
    return summary, webpage.Caution("noChampion", without_champion(summary))


def _in_charge(store: Store) -> tuple[dict[str, Any], webpage.Caution | None]:
    """Return the run of the model that answers: a page names its run, and says what that run wrote of itself."""
    found = in_charge(store, None)
    if found.run:
        kind: webpage.CautionKind = "otherClasses" if found.release else "noChampion"
        return found.run, webpage.Caution(kind, found.caution) if found.caution else None
    raise BadInput(
        f"no run of {found.recipe}'s champion {str(found.release)[:12]} is left in {store.root}, and a page shows a "
        f"run's model: run evergreen retrain {found.recipe}, which reuses what is here, or name a run"
    )


def _model(store: Store, exports: Ref, choice: Choice) -> webpage.Model:
    prefix = f"{choice.format}/"
    names = [name for name in store.manifest(exports.sha256).files if name.startswith(prefix)]
    files = {name.removeprefix(prefix): store.read(exports, name) for name in names}
    engine: webpage.Engine = "litert" if choice.engine == "litert" else "tfjs"
    return webpage.Model(engine, files, choice.proof, choice.reason)


def _chosen(summary: dict[str, Any], wanted: Collection[str] | None) -> list[Choice]:
    """Return which of the run's exports its page runs, as run.json tells of them."""
    exported = [entry for entry in summary.get("exports", []) if wanted is None or entry["format"] in wanted]
    if chosen := choose(exported):
        return chosen
    formats = [entry["format"] for entry in exported]
    failed = [entry for entry in exported if entry["verified"] == "failed" and entry["format"].startswith("tf")]
    if failed:
        raise BadInput(
            f"run {summary['id']}: its {failed[0]['format']} export failed verification and is not shown: "
            f"{failed[0]['reason']}"
        )
    again = f"evergreen retrain {summary['recipe']}"
    if any(name.startswith("tflite") for name in formats):
        again += ", which opens its TFLite exports in LiteRT.js"
    else:
        again += f" --set 'export.formats=[{', '.join([*formats, 'tflite-int8'])}]'"
    raise BadInput(
        f"run {summary['id']}: expected an export that was opened in a browser, found {', '.join(formats) or 'none'}; "
        f"run: {again}"
    )


def _unsure(store: Store, evaluation: Ref) -> dict[str, float | None] | None:
    """Return below which probability an answer is unsure, if the evaluation measured it."""
    if CALIBRATION not in store.manifest(evaluation.sha256).files:
        return None
    found = read_json(store, evaluation, CALIBRATION)
    return {"below": found["unsure_below"], "precision": found["unsure_precision"]}


def _output(store: Store, summary: dict[str, Any], step: str) -> Ref:
    digest = output_of(summary, step)
    if digest is None:
        raise BadInput(f"run {summary['id']} ended before {step}; choose a run that completed")
    return store.manifest(digest).ref()


def _may_be_replaced(folder: Path) -> bool:
    return (folder / webpage.PAGE).is_file() or not any(folder.iterdir())
