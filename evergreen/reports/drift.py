"""The section of a report about new images beside those that the earlier model was judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any


def section(found: Mapping[str, Any], address: Callable[[str], str | None]) -> str:
    """Return the section as HTML.

    Args:
        found: as ``run.json`` has it under ``drift``.
        address: a picture's ``data:`` address for its SHA-256; None where it cannot be shown.
    """
    parts = ['<h2 id="drift">New images</h2>', f"<p>{escape(found['words'])}</p>"]
    if accuracy := found.get("accuracy"):
        parts.append(f"<p>{escape(accuracy['words'])}</p>")
    parts += [f'<p class="soft">{escape(note)}</p>' for note in found.get("notes", ())]
    carried = [source for source in found.get("sources", ()) if source["found"]]
    if carried:
        parts.append(f"<p>These carry {escape(carried[0]['name'])} most:</p>")
        parts.append(_gallery(carried[0]["pictures"], address))
    if found.get("sources"):
        rows = "\n".join(
            f"<tr><td>{escape(source['name'])}</td><td>{source['together']:.2g}</td>"
            f'<td class="text">{escape(source["words"])}</td></tr>'
            for source in found["sources"]
        )
        head = '<tr><th>test</th><th>p</th><th class="text">what</th></tr>'
        parts.append(f'<div class="wide"><table>{head}\n{rows}</table></div>')
    return "\n".join(parts)


def _gallery(pictures: list[Mapping[str, Any]], address: Callable[[str], str | None]) -> str:
    figures = []
    for picture in pictures:
        name = escape(picture["image"])
        shown = address(picture["sha256"])
        image = f'<img alt="{name}" src="{shown}">' if shown else "(cannot be shown)"
        figures.append(f'<figure>{image}<figcaption><span class="soft">{name}</span></figcaption></figure>')
    return f'<div class="gallery">{"".join(figures)}</div>'
