"""The command ``evergreen predict``."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from evergreen.errors import BadInput
from flows.options import BAD, DONE, JsonOption, StoreOption, VerboseOption, errors
from flows.quiet import only_ours
from flows.settings import prepare_prefect, server_is_configured, store_root
from storage.store import Store


def predict(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files, folders, quoted patterns, URLs; - is one image from stdin."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Answer with this recipe's model in charge. Default: the newest.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Answer with that of a run's id, a digest, or an exported file or folder."),
    ] = None,
    model_format: Annotated[
        str | None,
        typer.Option("--format", help="keras (the default), savedmodel, tflite-float32 (tflite), tflite-int8, tfjs..."),
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
    batch: Annotated[
        bool, typer.Option("--batch", help="Run the Prefect flow predict: files in the run's folder, artifacts.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Classify images with a recipe's model, or any run or export. Exit code 2: some could not be used."""
    from flows.prediction import Request, refuse_in_batch

    root = store_root(store)
    with errors(verbose):
        request = Request(tuple(paths or ()), sample, unlabelled, seed, recipe, model, model_format, top)
        if as_json and csv == "-":
            raise BadInput("expected --json or --csv -, received both: standard output is one")
        if batch:
            if csv or sheet:
                raise BadInput("--batch writes both into the run's folder: leave out --csv and --sheet")
            refuse_in_batch(request)
            bad = _run_flow(request, root, as_json, verbose)
        else:
            bad = _answer(request, root, csv, sheet, as_json, verbose)
    raise typer.Exit(BAD if bad else DONE)


def _answer(request: Any, root: Path, csv: str | None, sheet: Path | None, as_json: bool, verbose: bool) -> int:
    """Classify in this process, without Prefect, print and write what was asked for; return how many are bad."""
    from flows import prediction_files as files
    from flows.prediction import answer, understand

    job = understand(request, Store(root), sys.stdin.buffer)
    csv_file = files.checked_target(Path(csv)) if csv and csv != "-" else None
    sheet_file = files.checked_target(sheet, ".png") if sheet else None
    pages = files.sheet_at(sheet_file) if sheet_file else None
    with only_ours(None if verbose else _log(root)) as (out, err):
        predictions = []
        for one in answer(job, pages):
            predictions.append(one)
            if err.is_terminal and len(predictions) % 256 == 0:
                err.print(f"{len(predictions):,} of {len(job.wanted):,}", end="\r", highlight=False)
        if csv_file:
            with files.written(csv_file) as file:
                files.print_csv(file, job, predictions)
        if as_json:
            out.file.write(files.as_json(job, predictions))
        elif csv == "-":
            files.print_csv(out.file, job, predictions)
        else:
            drawn = [sheet_file] if sheet_file and pages and pages.pages else []
            files.show(out, job, predictions, [*([csv_file] if csv_file else []), *drawn])
        if pages and pages.pages > 1:
            err.print(f"the contact sheet has {pages.pages} pages, {sheet} to -{pages.pages}", highlight=False)
        if pages and pages.left_out:
            err.print(f"{pages.left_out:,} images are not on it: that would be too many pages", highlight=False)
    return files.counts(predictions)["bad"]


def _run_flow(request: Any, root: Path, as_json: bool, verbose: bool) -> int:
    """Run the flow in this process and return how many images could not be used."""
    prepare_prefect(root, verbose=verbose)
    with only_ours(None if verbose else _log(root)) as (out, err):
        err.print("starting Prefect", style="dim")
        from flows.batch_prediction import predict as flow
        from flows.server import private_server

        with nullcontext() if server_is_configured() else private_server():
            summary: dict[str, Any] = flow(**request.__dict__ | {"paths": list(request.paths)}, store=str(root))
        folder = Path(summary["folder"])
        if as_json:
            out.file.write((folder / "predictions.json").read_text(encoding="utf-8"))
        else:
            found = ", ".join(f"{count:,} {name}" for name, count in summary["counts"].items())
            out.print(f"{found}\n{'files':<8} {folder}", soft_wrap=True, highlight=False)
    return int(summary["counts"]["bad"])


def _log(root: Path) -> Path:
    """Return where libraries print to; nowhere, if the store may only be read."""
    return root / "logs" / "predict.txt" if os.access(root, os.W_OK) else Path(os.devnull)
