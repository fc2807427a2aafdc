"""The tests mirror the program: each module has its test file, or says here which one tries it instead."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("commands", "evergreen", "flows", "runs", "storage", "tasks")
MOST_FILES = 15

WHOLE = "flows/whole/test_end_to_end.py"
REFERENCES = "tasks/data/test_reference_systems.py"
FOLDS = "flows/test_folds.py"
DOCTOR = "commands/making/test_doctor.py"
VERIFY = "evergreen/vision/test_verify.py"
SOURCES = "tasks/data/test_acquire.py"

# Module -> the file of tests that tries it. A module with behaviour of its own does not belong here.
ELSEWHERE = {
    "runs/serving/line.py": "runs/serving/test_service.py",
    "runs/serving/loading.py": "runs/serving/test_service.py",
    "runs/serving/settings.py": "commands/using/test_serve.py",
    "runs/serving/workers/place.py": "runs/serving/workers/test_pool.py",
    "runs/serving/workers/job.py": "runs/serving/workers/test_pool.py",
    "runs/serving/workers/spares.py": "runs/serving/workers/test_pool.py",
    "runs/serving/workers/process.py": "runs/serving/workers/test_pool.py",
    "runs/serving/http/bodies.py": "runs/serving/http/test_app.py",
    "runs/serving/http/hosting.py": "commands/using/test_serve.py",
    "runs/serving/http/metrics.py": "runs/serving/http/test_app.py",
    "runs/serving/http/server.py": "commands/using/test_serve.py",
    "runs/serving/http/schema.py": "runs/serving/http/test_app.py",
    # Tasks that read, call the craft, and publish: nothing but a run shows that they give what the next one takes.
    "tasks/data/balance.py": REFERENCES,
    "tasks/data/probe.py": REFERENCES,
    "tasks/data/repair.py": REFERENCES,
    "tasks/data/split.py": REFERENCES,
    "tasks/model/baseline.py": WHOLE,
    "tasks/model/reference.py": WHOLE,
    "tasks/data/deal.py": FOLDS,
    "flows/data.py": FOLDS,
    "flows/away.py": FOLDS,
    "tasks/model/fold.py": FOLDS,
    "tasks/model/diagnose.py": DOCTOR,
    "runs/doctor.py": DOCTOR,
    "runs/summaries/diagnosis.py": DOCTOR,
    "flows/doctor.py": DOCTOR,
    "evergreen/sections/background.py": "evergreen/sections/test_augment.py",
    "evergreen/sections/diagnose.py": "evergreen/vision/test_diagnose.py",
    "flows/dashboard/diagnosis.py": DOCTOR,
    "evergreen/vision/pretrained.py": "evergreen/vision/test_baseline.py",
    "tasks/model/folds.py": FOLDS,
    "runs/summaries/folds.py": FOLDS,
    "commands/making/folds.py": FOLDS,
    "commands/making/inspect.py": "flows/test_inspection.py",
    "runs/summaries/inspection.py": "flows/test_inspection.py",
    "commands/making/plan.py": WHOLE,
    "commands/making/retrain.py": WHOLE,
    "commands/looking/why.py": WHOLE,
    "commands/upkeep/schema.py": "docs/test_generated.py",
    "commands/retyping.py": "commands/test_usage.py",
    "evergreen/sweeping/states.py": "evergreen/sweeping/test_found.py",
    "evergreen/vision/formats/runtimes/tfjs_browser.py": VERIFY,
    "evergreen/reports/browser/installing.py": "evergreen/reports/browser/test_webpage.py",
    "evergreen/reports/browser/packages.py": "evergreen/reports/browser/test_webpage.py",
    "tasks/model/evaluate.py": WHOLE,
    "tasks/model/train.py": WHOLE,
    # Drift, where a network was really trained.
    **dict.fromkeys(
        (
            "commands/looking/drift.py",
            "runs/drifting/answers.py",
            "runs/drifting/asking.py",
            "runs/drifting/comparing.py",
            "runs/summaries/drift.py",
            "evergreen/reports/drift.py",
            "evergreen/vision/drift.py",
            "flows/drifting.py",
            "flows/dashboard/drift.py",
        ),
        "commands/using/test_predict.py",
    ),
    "evergreen/step.py": "evergreen/test_steps.py",
    "evergreen/drifting/telling.py": "evergreen/drifting/test_drift.py",
    "tasks/release/bundle.py": WHOLE,
    "tasks/release/challenge.py": "tasks/release/test_promote.py",
    "tasks/release/compare.py": WHOLE,
    "tasks/release/export.py": WHOLE,
    "tasks/release/report.py": WHOLE,
    "tasks/release/verify.py": WHOLE,
    "runs/serving/feedback/counts.py": "runs/serving/feedback/test_routes.py",
    # One line for each kind of source.
    "evergreen/sources/acquire.py": SOURCES,
    "evergreen/sources/probe.py": SOURCES,
    "evergreen/sources/unpack.py": "tasks/data/test_unpack.py",
    # Names and shapes alone.
    "evergreen/sources/fetching/context.py": "evergreen/sources/fetching/test_download.py",
    "evergreen/reports/found.py": "evergreen/reports/test_report.py",
    "evergreen/vision/formats/runtimes/chromium.py": VERIFY,
    "evergreen/vision/formats/keras_file.py": VERIFY,
    "evergreen/vision/formats/lite/metadata_schema.py": "evergreen/vision/formats/lite/test_metadata.py",
    "runs/looking/compared.py": "runs/looking/test_comparing.py",
    "flows/scheduling/lines.py": "flows/scheduling/test_file.py",
    "storage/errors.py": "storage/test_store.py",
    "storage/remote/bucket.py": "storage/remote/test_objects.py",
    # Two machines and what lies between them.
    "storage/behind.py": "storage/remote/test_push.py",
    "storage/remote/behind.py": "storage/remote/test_push.py",
    "storage/remote/remote.py": "storage/remote/test_push.py",
    "evergreen/remarks.py": "evergreen/test_recipe.py",
    # Tried where what it needs is made once: a trained store, exports, decoders that crash, a server's process.
    "evergreen/datasets/splitting/methods.py": "evergreen/datasets/test_split.py",
    "evergreen/images/processes/worker.py": "evergreen/datasets/test_screen.py",
    "evergreen/reports/figures.py": "evergreen/reports/test_pictures.py",
    "evergreen/vision/formats/runtimes/isolated.py": VERIFY,
    "evergreen/vision/shortcuts.py": "evergreen/vision/test_evaluate.py",
    "evergreen/vision/training/features.py": "evergreen/vision/training/test_fit.py",
    "evergreen/sweeping/mending.py": "evergreen/sweeping/test_checking.py",
    "evergreen/sweeping/telling.py": "evergreen/sweeping/test_checking.py",
    "runs/shared/meeting.py": "runs/shared/test_joining.py",
    "runs/training.py": "runs/sweeps/test_training.py",
    "flows/batch_prediction.py": "commands/using/test_predict.py",
    "commands/making/suggest.py": "commands/using/test_predict.py",
    "runs/suggesting/images.py": "runs/suggesting/test_suggest.py",
    "flows/servers/server_process.py": "flows/servers/test_private_server.py",
}
MODULES = sorted(
    path.relative_to(PROJECT).as_posix()
    for part in PARTS
    for path in (PROJECT / part).rglob("*.py")
    if path.name != "__init__.py"
)


def mirror_of(module: str) -> Path:
    path = PROJECT / "tests" / module
    return path.with_name(f"test_{path.name}")


def test_every_module_has_its_tests_or_says_which_try_it() -> None:
    assert MODULES
    missing = [module for module in MODULES if module not in ELSEWHERE and not mirror_of(module).is_file()]
    assert missing == [], "expected tests/FOLDER/test_NAME.py for each: write it, or say in ELSEWHERE what tries them"


@pytest.mark.parametrize("module", ELSEWHERE)
def test_what_is_said_to_be_tried_elsewhere_is(module: str) -> None:
    assert module in MODULES, "the module is gone: so should its line be"
    assert not mirror_of(module).exists(), "it has tests of its own now: its line is stale"
    assert (PROJECT / "tests" / ELSEWHERE[module]).is_file(), "what tried it is gone"


def test_no_folder_of_tests_is_crowded() -> None:
    folders = {path.parent for path in (PROJECT / "tests").rglob("*.py")}
    crowded = {str(folder): count for folder in folders if (count := len(list(folder.glob("*.py")))) > MOST_FILES}
    assert crowded == {}, f"over {MOST_FILES} files: make a room that mirrors the program, or is of one kind"
