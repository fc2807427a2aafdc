"""What a step is about to read of another machine's work, brought here before: not everybody asks the store."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from evergreen.step import Step
from runs.keys import only
from runs.run import Run
from runs.shared.opening import behind_of
from storage.artifacts import Ref
from storage.errors import ArtifactMissing

# Whoever uses one of these opens images, by their digests, which only tables name.
_OPEN_IMAGES = ("pillow", "opencv-python-headless")


def settle(run: Run, step: Step, inputs: Mapping[str, Ref | None]) -> None:
    """Bring what a step reads, if some of it is in the remote alone.

    Args:
        run: whose journal tells what was unpacked.
        step: whose body is about to run.
        inputs: parameter name -> artifact.

    Raises:
        ArtifactMissing: some of it can be had no more; the step that made it is a miss from now on.
    """
    if behind_of(run.store) is None:
        return
    bring(run, filter(None, inputs.values()))  # report has an input that not every run has
    if set(_OPEN_IMAGES).intersection(step.libraries):
        settle_images(run)


def settle_images(run: Run) -> None:
    """Bring the images of a run: those that travel as their archive are taken out of it again; raises as ``settle``."""
    behind = behind_of(run.store)
    unpacked = run.journal.entries.get("unpack")
    if behind is None or unpacked is None or unpacked.output is None or not behind.bring_all(unpacked.output):
        return
    archive = run.journal.entries["acquire"].output
    if archive is None:
        return
    bring(run, [archive])
    _unpacked(run, archive)
    if lacking := behind.bring_all(unpacked.output):
        raise ArtifactMissing(
            f"blob {lacking[0].sha256[:12]} and {len(lacking) - 1} more of what was unpacked are neither in the store, "
            "nor in the remote, nor in the archive"
        )


def bring(run: Run, refs: Iterable[Ref]) -> None:
    """Bring artifacts, as far as they are in the remote alone; members of archives are passed over.

    Raises:
        ArtifactMissing: one is neither here nor there.
    """
    behind = behind_of(run.store)
    for ref in refs if behind else ():
        if behind and (lacking := behind.bring_all(ref)) and ref.kind != "files":
            raise ArtifactMissing(
                f"blob {lacking[0].sha256[:12]} and {len(lacking) - 1} more of {ref.kind} {ref.short} are neither in "
                "the store nor in the remote"
            )


def _unpacked(run: Run, archive: Ref) -> None:
    """Open an archive as the step that unpacks does; what that gave is known."""
    from tasks.data.unpack import unpack  # late: it is a step, and steps know this module
    from tasks.step import execution_of, within

    with within(execution_of(run, "unpack", {"archive": archive})):
        unpack.fn(replace(run, recipe=only(run.recipe, unpack.step.recipe)), archive=archive)
