"""What can go wrong, as one tree; every message says what was expected, what was received, and what to do next.

EvergreenError
├── BadInput              what the user named cannot be used: exit code 2
│   ├── BadRecipe         the recipe (or an override of it) is not valid
│   └── NotBuiltYet       the recipe is valid and asks for something that no release does yet
├── BadArchive            an archive is refused: damaged, hostile, or not an archive
├── BadImage              one file is not an image that can be used (it is quarantined)
├── BadDataset            the images cannot make a dataset: a class is missing or too small
├── TrainingDiverged      the loss became NaN or infinite; such a model is never published
└── ExportRefused         a model could not be exported or run in a format's own runtime
"""


class EvergreenError(Exception):
    """Base of every error that the craft raises."""


class BadInput(EvergreenError):
    """What the user named cannot be used."""


class BadRecipe(BadInput):
    """The recipe, or an override of it, is not valid."""


class NotBuiltYet(BadInput):
    """The recipe is valid, but asks for something that is designed and not built."""


class BadArchive(EvergreenError):
    """An archive is damaged, hostile, or not an archive."""


class BadImage(EvergreenError):
    """A file is not an image that can be used."""


class BadDataset(EvergreenError):
    """The images cannot make the dataset that the recipe asks for."""


class TrainingDiverged(EvergreenError):
    """The loss became NaN or infinite."""


class ExportRefused(EvergreenError):
    """A model could not be written in a format, or its runtime refused it."""
