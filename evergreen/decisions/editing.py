"""A file of decisions with one of them changed: the lines of all others, and comments, stay as people wrote them."""

import sys

import yaml

from evergreen.decisions.decision import Decision
from evergreen.decisions.file import entries, parse
from evergreen.errors import BadRecipe

HEADER = """\
# What people decided about single images, by the SHA-256 of their bytes. Written by `evergreen doctor RECIPE --fix`;
# lines may be changed, and taken out, by hand; comments stay. docs/labels-file.md says more.
"""


def edited(text: str, digest: str, decision: Decision | None, name: str) -> str:
    """Return a file's text with one decision set, or taken out; sorted by digest, one line for what is set.

    What stands above the first decision stays on top; a comment above another one goes where that goes, and one above
    a line that is taken out stays, above the next.

    Args:
        text: what the file holds; nothing begins a new one.
        digest: of the image.
        decision: None takes it out.
        name: of the file, for what is wrong.

    Raises:
        BadRecipe: the text is not valid, or is written so that one line cannot be changed without others.
    """
    expected = {**parse(text, name)}
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []
    head, chunks, tail = _in_parts(lines, text, name)
    above, _ = chunks.pop(digest, ([], []))
    expected.pop(digest, None)
    if decision is not None:
        chunks[digest] = (above, [line_of(digest, decision)])
        expected[digest] = decision
    elif above:
        after = next((other for other in sorted(chunks) if other > digest), None)
        if after is None:
            tail = [*above, *tail]
        else:
            chunks[after] = ([*above, *chunks[after][0]], chunks[after][1])
    body = [line for other in sorted(chunks) for part in chunks[other] for line in part]
    written = "".join([*(head or [HEADER]), *body, *tail])
    if parse(written, name) != expected:
        raise BadRecipe(
            f"{name}: expected one line for each image, received a text in which one cannot be changed without the "
            "others (an anchor of YAML, say); nothing was written"
        )
    return written


def line_of(digest: str, decision: Decision) -> str:
    """Return a decision as a line of the file."""
    values = _in_flow(decision, plain=True)
    if len(values.splitlines()) > 1:  # "\r", U+0085, U+2028 and U+2029 end a line of YAML, and all of them end one here
        values = _in_flow(decision, plain=False)
    return f"{digest}: {values}"


def _in_flow(decision: Decision, *, plain: bool) -> str:
    return str(
        yaml.safe_dump(
            decision.as_json(),
            default_flow_style=True,
            default_style=None if plain else '"',
            width=sys.maxsize,
            allow_unicode=plain,
            sort_keys=False,
        )
    )


def _in_parts(
    lines: list[str], text: str, name: str
) -> tuple[list[str], dict[str, tuple[list[str], list[str]]], list[str]]:
    """Return what stands above all decisions; digest -> the lines above a decision, and its own; and the rest."""
    chunks: dict[str, tuple[list[str], list[str]]] = {}
    head, end = lines, len(lines)
    for entry in entries(text, name):
        if not chunks:
            head, end = lines[: entry.first], entry.first
        chunks[entry.key] = (lines[end : entry.first], lines[entry.first : entry.last + 1])
        end = entry.last + 1
    return head, chunks, lines[end:]
