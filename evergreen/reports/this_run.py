"""What of a report is of one run: steps, times, digests of inputs, the recipe, exports' speeds, another run's accuracy.

The report is a reused step: equal findings give equal bytes. So its page has places for these parts, and the copy in
the run's folder gets them filled in. Plain strings, no template engine: a run that reuses everything ends in a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

import yaml

# As in report.html.j2 and exports.html.j2.
_PLACE = b"<!-- this run -->"
# Around the heading of the verdict, which is not known before promote: it stands there as far as compare knows it.
_STANDING = b"<!-- standing -->"
_PLACE_OF_ADVICE = b"<!-- what to try -->"
_PLACE_OF_SPEEDS = b"<!-- how fast -->"
_PLACE_OF_EXPORTS = b"<!-- where they are -->"
_PLACE_OF_DATE = b"<!-- when -->"
_PLACE_OF_CURE = b"<!-- before and after -->"
_PLACE_OF_GROUPS = b"<!-- the other way to split -->"
_BEGAN = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)\d\d-")  # as ``runs.run.new_id`` makes ids


def fill_in(
    page: bytes,
    run: str,
    steps: Iterable[Mapping[str, Any]],
    settings: Mapping[str, Any],
    exports: Iterable[Mapping[str, Any]],
    grouping: str = "",
    standing: str = "",
    to_try: Iterable[str] = (),
    cache: Iterable[str] = (),
    drift: str = "",
    cure: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a report's page with what one run did.

    Args:
        page: as the step ``report`` published it.
        run: the run's id.
        steps: name, state, reason, seconds, output (digest or None), inputs (step -> digest), each.
        settings: the whole recipe, as JSON values.
        exports: format, and runtimes with their speeds, each; as ``run.json`` has them.
        standing: what became of the run's release: champion, rejected, cannot compare, blocked, pinned, or what the
            remote is; else empty.
        to_try: changes of the recipe, as options to type, for a model that does not fit.
        cache: what found no room in the caches, a sentence each.
        drift: a section of HTML about new images; empty where nobody compared them.
        cure: of a run that is to cure what an earlier model leans on, as ``run.json`` has it; else None.
        grouping: how accurate the newest run was that splits groups of folders the other way; empty if there is none.
    """
    steps = list(steps)
    total = sum(step["seconds"] for step in steps)
    parts = [
        *([drift] if drift else []),
        '<h2 id="this-run">This run</h2>',
        f"<p>Run <code>{escape(run)}</code>: {total:.1f} s in the steps that ran.</p>",
        *(f'<p class="no-room">{escape(sentence)}</p>' for sentence in cache),
        "<details><summary>Every step: what it did, and why</summary>",
        _table(
            ("step", "state", "seconds", "why"),
            [(step["name"], step["state"], _seconds(step), step["reason"]) for step in steps],
        ),
        "</details>",
        "<details><summary>Lineage: what each step was given, and what it gave</summary>",
        _table(("step", "digest"), [row for step in steps for row in _digests(step)]),
        "</details>",
        "<details><summary>Recipe, with every default</summary>",
        f"<pre>{escape(yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True))}</pre></details>",
    ]
    told = f'<p id="the-other-split">{escape(grouping)}</p>' if grouping else ""
    page = page.replace(_PLACE_OF_GROUPS, told.encode(), 1)
    if standing:
        before, _, rest = page.partition(_STANDING)
        _, _, after = rest.partition(_STANDING)
        said = "Champion" if standing == "champion" else f"Not promoted ({standing})"
        page = before + escape(said).encode() + after
    page = page.replace(_PLACE_OF_ADVICE, _advice(to_try).encode(), 1)
    page = page.replace(_PLACE_OF_CURE, _before_and_after(cure).encode(), 1)
    exports = list(exports)
    page = page.replace(_PLACE_OF_DATE, _when(run).encode(), 1)
    page = page.replace(_PLACE_OF_EXPORTS, _where(exports).encode(), 1)
    page = page.replace(_PLACE_OF_SPEEDS, _how_fast(exports).encode(), 1)
    return page.replace(_PLACE, "\n".join(parts).encode(), 1)


def _when(run: str) -> str:
    """Return when a run began, in UTC, as its id says it; nothing of an id that does not."""
    began = _BEGAN.match(run)
    if not began:
        return ""
    year, month, day, hour, minute = began.groups()
    time = f"{year}-{month}-{day}T{hour}:{minute}Z"
    return f'<p class="soft">Run of <time datetime="{time}">{year}-{month}-{day}, {hour}:{minute} UTC</time>.</p>'


def _where(exports: Iterable[Mapping[str, Any]]) -> str:
    """Return links to the folders of exports that lie beside the page; nothing if none does."""
    links = [
        f'<a href="exports/{quote(export["format"])}/">{escape(export["format"])}</a>'
        for export in exports
        if export.get("released")
    ]
    if not links:
        return ""
    beside = "labels, a program that runs it, and a README.md to fill in"
    return f'<p id="files">Files, beside this page: {", ".join(links)}. Each has {beside}.</p>'


def _advice(to_try: Iterable[str]) -> str:
    """Return what to try, a line each; nothing if there is nothing."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in to_try)
    return f"<p>To try, one at a time:</p>\n<ul>{lines}</ul>" if lines else ""


def _before_and_after(cure: Mapping[str, Any] | None) -> str:
    """Return what each change costs the model and the one that it was to cure, and the lines that it was made with."""
    if cure is None:
        return ""
    against = f"Set against what the model of run <code>{escape(cure['run'])}</code> leans on."
    parts = ['<h3 id="cure">Before and after</h3>', f"<p>{against} {escape(cure.get('words', ''))}</p>"]
    if cure.get("changes"):
        over = '<th></th><th colspan="2">points lost</th><th colspan="2">accuracy when changed</th><th></th>'
        titles = "".join(f"<th>{title}</th>" for title in ("change", "before", "after", "before", "after", "gained"))
        table = "\n".join([f"<tr>{over}</tr>", f"<tr>{titles}</tr>", *_changes(cure)])
        interval = (
            "Bold: what was answered to. Gained: points of accuracy on changed images, for a model that is worse at "
            "images as they are has less to lose; its interval is as of different images."
        )
        parts += [f'<div class="wide"><table>\n{table}\n</table></div>', f'<p class="soft">{interval}</p>']
    whys = "".join(f"<li>augment.{escape(one['field'])}: {escape(one['why'])}</li>" for one in cure["cures"])
    parts += [
        f"<p>What was set, and why:</p>\n<ul>{whys}</ul>",
        f"<p>The recipe's file is as it was. To keep it, write into it:</p>\n<pre>{escape(cure['recipe'])}</pre>",
    ]
    return "\n".join(parts)


def _changes(cure: Mapping[str, Any]) -> list[str]:
    """Return the rows of the table of before and after."""
    answered = {name for one in cure["cures"] for name in one["changes"]}
    rows = []
    for row in cure["changes"]:
        name, sides = escape(row["name"]), (row["before"], row["after"])
        cells = [f"<td><b>{name}</b></td>" if row["name"] in answered else f"<td>{name}</td>"]
        cells += [_points(side, "lost", bool(side and side["leans_on"])) for side in sides]
        cells += [_points(side, "accuracy") for side in sides]
        cells.append(_points(row if row["gained"] is not None else None, "gained"))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return rows


def _points(row: Mapping[str, Any] | None, name: str, failed: bool = False) -> str:
    """Return a cell: a number of points, and its interval below."""
    if row is None:
        return '<td class="soft">not measured</td>'
    value, low, high = (100 * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    number = f'<span class="failed">{value:.1f}</span>' if failed else f"{value:.1f}"
    return f'<td>{number}<br><span class="soft">{low:.1f} to {high:.1f}</span></td>'


def _how_fast(exports: Iterable[Mapping[str, Any]]) -> str:
    """Return the times of every export in each of its runtimes; nothing if none was measured."""
    rows = []
    for export in exports:
        for run in export.get("runtimes", ()):
            if run.get("median_ms") is not None:
                times = (f"{run['load_seconds']:.2f} s", f"{run['median_ms']:.3g} ms", f"{run['p95_ms']:.3g} ms")
                numbers = "".join(f"<td>{cell}</td>" for cell in (*times, run["threads"]))
                name = f"<td>{escape(export['format'])}</td>"
                rows.append(f'<tr>{name}<td class="text">{escape(run["runtime"])}</td>{numbers}</tr>')
    if not rows:
        return ""
    titles = '<th>format</th><th class="text">runtime</th><th>load</th><th>median of an image</th>'
    head = f"<tr>{titles}<th>95 % are below</th><th>threads</th></tr>"
    table = "\n".join(['<div class="wide"><table>', head, *rows, "</table></div>"])
    return (
        f"<details><summary>How fast they are</summary>{table}\n"
        '<p class="soft">Each image shown alone, on the CPU, in a process that does nothing else; load: from the files '
        "to the first answer. Times are of the machine and the moment: those of when the exports were verified.</p>"
        "</details>"
    )


def _seconds(step: Mapping[str, Any]) -> str:
    return f"{step['seconds']:.1f}" if step["state"] == "ran" else ""


def _digests(step: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = [(f"{step['name']}, given by {name}", digest) for name, digest in step["inputs"].items()]
    return [*given, (f"{step['name']}, gave", step["output"] or "nothing")]


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; its last column may be wrapped."""
    lines = [_row("th", titles), *(_row("td", row) for row in rows)]
    body = "\n".join(lines)
    return f'<div class="wide"><table>\n{body}\n</table></div>'


def _row(tag: str, cells: Iterable[str]) -> str:
    *first, last = [escape(cell) for cell in cells]
    left = "".join(f'<{tag} class="left">{cell}</{tag}>' for cell in first)
    return f'<tr>{left}<{tag} class="text">{last}</{tag}></tr>'
