"""What can go wrong, as one tree; every message says what was expected, what was received, and what to do next.

EvergreenError
├── BadInput              what the user named cannot be used: exit code 2
│   ├── BadRecipe         the recipe (or an override of it) is not valid
│   └── OtherStore        another store decided last on the recipe, on the Prefect server that both use
├── SourceUnavailable     the source's bytes cannot be had now
│   ├── SourceUnreachable no answer, cut off, stalled or busy, after every attempt
│   ├── AccessRefused     401 or 403, a login page in place of the file, no credentials
│   ├── SourceGone        there is nothing at the address
│   ├── SourceChanged     another version came than was asked for
│   └── ChecksumMismatch  the bytes are not the ones that were promised
├── OnlyInARun            a plan may not do it: open a Secret block, fetch a file to know its version
├── BadArchive            an archive is refused: damaged, hostile, or not an archive
├── BadImage              one file is not an image that can be used (it is quarantined)
│   ├── UnknownFormat     it is of none of the formats that are read
│   ├── ValuesWithoutRange  nobody states which of its values are black and white
│   └── DecoderFailed     it begins as one of them, and its decoder refused it
├── LargerThanRoom        an image is to be opened where there is more memory; never seen outside
├── DecodersUnavailable   images cannot be judged here: Pillow lacks a format, no worker starts, memory or time is short
├── BadDataset            the images cannot make a dataset: a class is missing or too small
├── WeightsUnavailable    pretrained weights are not here, or are another network's
├── ThreadsFixed          TensorFlow runs in this process on another number of threads than a result's key says
├── DevicesMissing        a recipe wants more devices to train on than there are
├── PreflightFailed       a short check found what would waste a training
├── TrainingDiverged      the loss became NaN or infinite; such a model is never published
├── ExportRefused         a model could not be exported or run in a format's own runtime
└── TrackingFailed        the experiment tracker cannot be reached, or refuses; the run itself is whole
"""


class EvergreenError(Exception):
    """Base of every error that the craft raises."""


class BadInput(EvergreenError):
    """What the user named cannot be used."""


class BadRecipe(BadInput):
    """The recipe, or an override of it, is not valid."""


class OtherStore(BadInput):
    """A recipe would have a second champion: another store decided last on it, on the same Prefect server."""


class SourceUnavailable(EvergreenError):
    """The source's bytes cannot be had now."""


class SourceUnreachable(SourceUnavailable):
    """No answer, cut off, stalled or busy; trying again may help.

    Attributes:
        retry_after: seconds after which the server wants to be asked again, if it said so.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AccessRefused(SourceUnavailable):
    """The server wants other credentials, or none were found."""


class SourceGone(SourceUnavailable):
    """There is nothing at the address."""


class SourceChanged(SourceUnavailable):
    """Another version came than the one that was asked for."""


class ChecksumMismatch(SourceUnavailable):
    """The bytes are not the ones that the recipe or the server promised."""


class OnlyInARun(EvergreenError):
    """A plan may not do it, so what follows is unknown to it."""


class BadArchive(EvergreenError):
    """An archive is damaged, hostile, or not an archive."""


class BadImage(EvergreenError):
    """A file is not an image that can be used."""


class UnknownFormat(BadImage):
    """A file is of none of the formats that are read."""


class ValuesWithoutRange(BadImage):
    """A file holds numbers of which nobody states which are black and white.

    Attributes:
        low: the least that it holds.
        high: the greatest.
    """

    def __init__(self, message: str, low: float, high: float) -> None:
        super().__init__(message)
        self.low, self.high = low, high


class LargerThanRoom(EvergreenError):
    """An image is larger than what there is memory for where it was to be opened, but not too large.

    Attributes:
        megapixels: size by the header.
    """

    def __init__(self, megapixels: float) -> None:
        super().__init__(f"{megapixels:.0f} megapixels: to be opened where there is more memory")
        self.megapixels = megapixels


class DecoderFailed(BadImage):
    """A decoder refused a file that begins as one of its format.

    Attributes:
        megapixels: size by the header, which bounds the memory that it may have wanted; 0 if the header was not read.
    """

    def __init__(self, message: str, megapixels: float) -> None:
        super().__init__(message)
        self.megapixels = megapixels


class DecodersUnavailable(EvergreenError):
    """Images cannot be judged on this machine as it is; no image is at fault."""


class BadDataset(EvergreenError):
    """The images cannot make the dataset that the recipe asks for."""


class WeightsUnavailable(EvergreenError):
    """Pretrained weights are not here and cannot be fetched, or are another network's."""


class ThreadsFixed(EvergreenError):
    """TensorFlow already runs in this process on another number of threads than the work asks for."""


class DevicesMissing(EvergreenError):
    """A recipe wants more devices to train on than this machine has for TensorFlow."""


class PreflightFailed(EvergreenError):
    """A short check before the training found what would waste it."""


class TrainingDiverged(EvergreenError):
    """The loss became NaN or infinite."""


class ExportRefused(EvergreenError):
    """A model could not be written in a format, or its runtime refused it."""


class TrackingFailed(EvergreenError):
    """The experiment tracker could not be told of a run."""
