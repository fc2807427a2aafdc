"""The command ``evergreen predict``."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import completion
from commands.options import (
    BAD,
    DONE,
    USE,
    JsonOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    is_quiet,
)
from commands.quiet import log_of, only_ours
from commands.running import on_server
from commands.stopping import ends_when_told
from evergreen.errors import BadInput
from flows.servers.prefect_home import prepare_prefect
from runs.place import store_root
from runs.shared.opening import held
from storage.store import Store

if TYPE_CHECKING:
    from runs.answering.prediction import Request

app = typer.Typer()

_TELL_EVERY = 256


@dataclass(frozen=True)
class _Outputs:
    """Where answers go beside, or in place of, the table."""

    csv: str | None
    sheet: Path | None
    as_json: bool
    explain: Path | None = None


@app.command(rich_help_panel=USE, epilog=example("evergreen predict photo.png photos/ --csv answers.csv"))
def predict(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, folders, quoted patterns, URLs; - is one image from stdin."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="Answer with this recipe's champion. Default: of the newest run's.",
            autocompletion=completion.champions,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Answer with that of a run's id, a digest, or an exported file or folder."),
    ] = None,
    model_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="keras (the default), savedmodel, tflite-float32 (tflite), tflite-int8, tfjs, onnx...",
            autocompletion=completion.formats,
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, metavar="N", help="Take N random test images of the model's own data, through TFLite.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of --sample.")] = 0,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Take the images without labels of the model's own data.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to list.")] = 3,
    csv: Annotated[str | None, typer.Option("--csv", metavar="FILE|-", help="Write CSV; - prints it alone.")] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE.png", help="Write a labelled contact sheet.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="DIR", help="Write a heat map of each image into this new or empty folder."),
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Run the Prefect flow predict: files in the run's folder, artifacts.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Classify images with a recipe's model, or any run or export. Exit code 2: some could not be used."""
    from runs.answering.prediction import Request, refuse_in_batch

    root = store_root(store)
    with errors(verbose):
        request = Request(tuple(paths or ()), sample, unlabelled, seed, recipe, model, model_format, top)
        outputs = _Outputs(csv, sheet, as_json, explain)
        if as_json and csv == "-":
            raise BadInput("expected --json or --csv -, received both: standard output is one")
        if batch:
            if csv or sheet:
                raise BadInput("--batch writes both into the run's folder: leave out --csv and --sheet")
            if explain:
                raise BadInput("--batch writes no heat maps: leave out --explain, or leave out --batch")
            refuse_in_batch(request)
            bad = _run_flow(request, root, outputs, verbose)
        else:
            with held(root) as kept:
                bad = _answer(request, kept, outputs, verbose)
    raise typer.Exit(BAD if bad else DONE)


def _answer(request: "Request", store: Store, outputs: _Outputs, verbose: bool) -> int:
    """Classify in this process, without Prefect, print and write what was asked for; return how many are bad."""
    from commands.using.prediction_table import show, show_caution, show_explained, show_last, show_pages
    from runs.answering import prediction_files as files
    from runs.answering.explained import Explained
    from runs.answering.prediction import answer, understand

    job = understand(request, store, getattr(sys.stdin, "buffer", None))
    csv_file = files.checked_target(Path(outputs.csv)) if outputs.csv and outputs.csv != "-" else None
    sheet_file = files.checked_target(outputs.sheet, ".png") if outputs.sheet else None
    sheet = files.sheet_at(sheet_file) if sheet_file else None
    explained = Explained(outputs.explain) if outputs.explain else None
    with only_ours(None if verbose else log_of(store.root, "predict")) as (out, err):
        predictions = []
        for one in answer(job, sheet, explained):
            predictions.append(one)
            if err.is_terminal and not is_quiet() and len(predictions) % _TELL_EVERY == 0:
                err.print(f"{len(predictions):,} of {len(job.wanted):,}", end="\r", highlight=False)
        written = []
        if csv_file:
            with files.written(csv_file) as file:
                files.print_csv(file, job, predictions)
            written.append(csv_file)
        if sheet_file and sheet and sheet.pages:
            written.append(sheet_file)
            show_pages(err, sheet, sheet_file)
        if outputs.as_json:
            out.file.write(files.as_json(job, predictions, explained))
        elif outputs.csv == "-":
            show_caution(err, job.meant.caution)  # beside the rows, which are for programs
            files.print_csv(out.file, job, predictions)
            if explained:
                show_explained(err, explained)
        elif is_quiet():
            show_caution(err, job.meant.caution)
            show_last(out, job, predictions)
        else:
            show(out, job, predictions, written)
            if explained:
                show_explained(out, explained)
    return files.counts(predictions)["bad"]


def _run_flow(request: "Request", root: Path, outputs: _Outputs, verbose: bool) -> int:
    """Run the flow in this process and return how many images could not be used."""
    with ends_when_told():
        named = prepare_prefect(root, verbose=verbose)
        log = None if verbose else log_of(root, "predict")
        with only_ours(log) as (out, err):
            from commands.using.prediction_table import show_caution
            from runs.answering import prediction_files as files

            with on_server(named, root, log, err) as ready:
                from flows.batch_prediction import predict as flow

                ready()
                summary: dict[str, Any] = flow(**request.__dict__ | {"paths": list(request.paths)}, store=str(root))
            folder = Path(summary["folder"])
            if outputs.as_json:
                out.file.write((folder / "predictions.json").read_text(encoding="utf-8"))
            else:
                show_caution(out, summary["model"]["caution"])
                found = files.in_words(summary["counts"])
                between = ": " if is_quiet() else f"\n{'files':<8} "
                out.print(f"{found}{between}{folder}", soft_wrap=True, highlight=False)
    return int(summary["counts"]["bad"])
