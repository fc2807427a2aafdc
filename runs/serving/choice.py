"""In which of its formats a release answers, and why."""

from collections.abc import Mapping, Sequence

from evergreen.errors import BadInput

# What LiteRT runs, in the order in which it is taken: int8 is the fastest by far and needs the least memory; of the
# others float32 is the one that answers as the model that was judged.
FORMATS = ("tflite-int8", "tflite-float32", "tflite-float16", "tflite-dynamic")
_PASSED = "passed"


def choose(
    recipe: str, exported: Sequence[str], verified: Mapping[str, str], said: str | None, wanted: str | None
) -> tuple[str, str]:
    """Return the format that answers, and why, in words.

    Args:
        recipe: the recipe's name.
        exported: the formats that the release has.
        verified: format -> passed, failed or not verified.
        said: what the recipe says (``serve.format``), if it says anything.
        wanted: what whoever starts the service says; that comes first.

    Raises:
        BadInput: LiteRT does not run it, it was not exported, or nothing was that LiteRT runs.
    """
    asked = wanted or said
    if asked is None:
        proved = [name for name in FORMATS if name in exported and verified.get(name) == _PASSED]
        if proved:
            others = [name for name in FORMATS[: FORMATS.index(proved[0])] if name in exported]
            but = f", since {', '.join(others)} did not pass its verification" if others else ""
            return proved[0], f"{proved[0]}{but}"
        if there := [name for name in reversed(FORMATS) if name in exported]:
            raise BadInput(
                f"{recipe}: none of {', '.join(there)} passed its verification, so none answers by itself; name one "
                f"with --format {there[-1]}, or set verify.* and retrain"
            )
        asked = FORMATS[0]
    if asked not in FORMATS:
        raise BadInput(f"{recipe}: expected one of {', '.join(FORMATS)}, which LiteRT runs; received {asked}")
    if asked not in exported:
        raise BadInput(
            f"{recipe}: expected {asked} among its exports, which are {', '.join(exported)}; run: evergreen retrain "
            f"{recipe} --set 'export.formats=[{', '.join(dict.fromkeys((*exported, asked)))}]'"
        )
    by = "as was asked" if wanted else "as the recipe says"
    found = verified.get(asked, "not verified")
    return asked, f"{asked}, {by}" + ("" if found == _PASSED else f"; CAUTION: it is {found}")
