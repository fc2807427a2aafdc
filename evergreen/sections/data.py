"""Sections about data: source, unpack, screen, image, balance."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from evergreen.addresses import why_not_in_a_recipe
from evergreen.sections.base import Range, Section
from evergreen.sections.code_pages import code_page
from evergreen.sections.meant import why_not_http, why_not_local

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class HttpFile(Section):
    """One file to download."""

    url: str = Field(pattern=r"^https?://", description="Address without its query if that is a secret.")
    query: str | None = Field(
        None,
        pattern=r"^(\$\{[A-Z_][A-Z0-9_]*\}|secret:[a-z0-9-]+)$",
        description="Signed query: ${ENVIRONMENT_VARIABLE} or secret:NAME of a Prefect Secret block. Never the value.",
    )
    sha256: Sha256 | None = Field(None, description="Expected SHA-256 of the file, 64 hex digits.")

    @field_validator("url", mode="before")
    @classmethod
    def _is_fetched(cls, url: Any) -> Any:
        if isinstance(url, str) and (why := why_not_http(url) or why_not_in_a_recipe(url)):
            raise ValueError(why)
        return url


class Fetched(Section):
    """How patiently a file is fetched."""

    attempts: int = Field(5, ge=1, le=20, description="Attempts in a row that may bring no byte, for each file.")
    stall_seconds: float = Field(60, gt=0, le=600, description="Seconds without a byte after which a try is given up.")
    pause_seconds: float = Field(1, gt=0, le=60, description="First pause between attempts; it doubles, with jitter.")


class HttpSource(Fetched):
    """Files behind URLs, fetched in order and unpacked side by side."""

    files: tuple[HttpFile, ...] = Field(min_length=1, description="The files, each a zip or tar.")


class KaggleSource(Fetched):
    """A Kaggle dataset, pinned to a version."""

    dataset: str = Field(pattern=r"^[\w-]+/[\w-]+$", description="owner/slug as in the dataset's address.")
    version: int | None = Field(None, ge=1, description="Version number; null asks for the current one at each run.")
    files: tuple[str, ...] = Field((), description="Only these files of the dataset; empty takes all.")


class LocalSource(Section):
    """A zip, tar or folder on this machine."""

    path: str = Field(min_length=1, description="Path of the zip, tar or folder; relative to the working folder.")

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, path: str) -> str:
        if why := why_not_local(path):
            raise ValueError(why)
        return path


class KerasSource(Fetched):
    """A dataset that keras.datasets publishes, written out as images."""

    name: Literal["cifar10", "cifar100", "mnist", "fashion_mnist"] = Field(description="Which dataset.")


class EmbeddedSource(Section):
    """A dataset inside a library that is installed anyway; needs no network."""

    name: Literal["digits"] = Field(description="digits: scikit-learn's 1,797 handwritten digits, 8x8 pixels.")


class Source(Section):
    """Where labelled images come from: exactly one of the kinds."""

    embedded: EmbeddedSource | None = Field(None, description="Inside an installed library.")
    local: LocalSource | None = Field(None, description="On this machine.")
    http: HttpSource | None = Field(None, description="Behind URLs.")
    kaggle: KaggleSource | None = Field(None, description="On Kaggle.")
    keras: KerasSource | None = Field(None, description="In keras.datasets.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            kinds = ", ".join(type(self).model_fields)
            raise ValueError(f"expected exactly one of {kinds}; received {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        """The name of the one kind that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


# How pydantic calls the two forms of ``source`` in an error's location; no word of a recipe's.
FORMS = ("one source", "several sources")


def _one_of_a_list(given: Any) -> Any:
    """Return the one source of a list of one, so that both spellings are the same recipe."""
    if isinstance(given, list | tuple):
        if not given:
            raise ValueError("expected a source, or a list of them; received an empty list")
        return given[0] if len(given) == 1 else given
    return given


def _without_order(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return sources in one order however they were written: it means nothing, so it may move no key."""
    said = [json.dumps(source.model_dump(mode="json", exclude_defaults=True), sort_keys=True) for source in sources]
    for number, text in enumerate(said):
        if (first := said.index(text)) != number:
            raise ValueError(f"expected every source once; number {number} is number {first} again")
    return tuple(sources[number] for number in sorted(range(len(said)), key=said.__getitem__))


# A source, or several that are one dataset together. A list of one is that one.
Sources = Annotated[
    Annotated[Source, Tag(FORMS[0])]
    | Annotated[tuple[Source, ...], Field(min_length=1), AfterValidator(_without_order), Tag(FORMS[1])],
    Discriminator(lambda given: FORMS[isinstance(given, list | tuple)]),
    BeforeValidator(_one_of_a_list),
]


def each(source: Source | tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the sources of a recipe as a tuple, also where there is one."""
    return (source,) if isinstance(source, Source) else source


class Unpack(Section):
    """What an archive may hold; it may never fill over half of the free disk. Archives inside it count as its own."""

    max_entries: int = Field(1_200_000, ge=1, description="Entries of one archive.")
    max_gib: float = Field(
        500, gt=0, description="GiB that one archive unpacks to; over 20, max_ratio counts for all of it."
    )
    max_ratio: float = Field(100, ge=1, description="Times its packed size that a large member may unpack to.")
    ratio_above_mib: float = Field(256, ge=0, description="MiB unpacked below which the ratio does not count.")
    links: Literal["refuse", "drop"] = Field(
        "refuse", description="What happens to links in an archive; drop leaves them out, counted."
    )
    names: str | None = Field(
        None, description="Code page of a zip's names where the zip does not say it and they are no UTF-8, such as gbk."
    )

    @field_validator("names")
    @classmethod
    def _is_a_code_page(cls, names: str | None) -> str | None:
        return None if names is None else code_page(names)


class Screen(Section):
    """Which files are images that can be used."""

    max_megapixels: float = Field(
        150, gt=0, le=1000, description="Megapixels by the header above which a file is quarantined."
    )
    conflicts: Literal["quarantine", "keep"] = Field(
        "quarantine", description="What happens to identical pixels under two labels."
    )
    near_duplicate_bits: int = Field(
        3, ge=0, le=16, description="Bits of 64 in which the perceptual hashes of near-duplicates may differ; 0: off."
    )
    seconds_per_image: float = Field(
        30, gt=0, le=3600, description="Seconds after which a decoder is given up and its image quarantined."
    )
    range: Range | None = Field(
        None, description="[low, high]: black and white in PNG and TIFF of over 8 bits; null: as each file says."
    )

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        if self.range and self.range[0] >= self.range[1]:
            raise ValueError(f"range: expected [low, high] with low below high; received {list(self.range)}")
        return self


class Image(Section):
    """How an image becomes the network's input; the same in training, evaluation and every export."""

    height: int = Field(160, ge=8, le=1024, description="Input height in pixels.")
    width: int = Field(160, ge=8, le=1024, description="Input width in pixels.")
    resize: Literal["squash", "crop", "pad"] = Field(
        "squash", description="squash: ignore the aspect ratio; crop: cut the middle; pad: add black borders."
    )
    interpolation: Literal["area", "bilinear", "bicubic", "nearest"] = Field("area", description="Resampling filter.")


class Balance(Section):
    """How classes of different sizes are weighed; from training counts only."""

    weights: Literal["none", "balanced", "effective-number", "explicit"] = Field(
        "none", description="none; balanced as in scikit-learn; effective-number (Cui et al. 2019); explicit."
    )
    explicit: dict[str, float] = Field({}, description="Class -> weight, for weights: explicit.")
    beta: float = Field(0.999, ge=0, lt=1, description="Beta of effective-number.")
    oversample: bool = Field(False, description="Repeat images of small classes instead of weighing them.")

    @model_validator(mode="after")
    def _explicit_goes_with_explicit(self) -> Self:
        if (self.weights == "explicit") != bool(self.explicit):
            raise ValueError("expected balance.explicit exactly when balance.weights is explicit")
        if self.oversample and self.weights != "none":
            raise ValueError("expected balance.weights: none with oversample, else small classes would count twice")
        if any(weight <= 0 for weight in self.explicit.values()):
            raise ValueError("expected weights above 0")
        return self
