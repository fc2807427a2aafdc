"""evergreen.reports.this_run: what is of one run is put into the places of a page that does not change."""

from typing import Any

from evergreen.reports.this_run import fill_in

PAGE = b"<p>the same</p><!-- how fast --><p>always</p><!-- this run -->"
STEPS = [
    {"name": "train", "state": "ran", "reason": "seed: 1 -> <2>", "seconds": 61.04, "output": "a" * 64,
     "inputs": {"split": "b" * 64}},
    {"name": "verify", "state": "reused", "reason": "nothing changed", "seconds": 0.0, "output": None, "inputs": {}},
]  # fmt: skip


def _filled(**timed: Any) -> str:
    runtimes = [{"runtime": "TensorFlow alone", "load_seconds": 1.5, "p95_ms": 4.0, "threads": 1} | timed]
    return fill_in(PAGE, "run-<1>", STEPS, {"title": "Kæt"}, [{"format": "keras", "runtimes": runtimes}]).decode()


def test_steps_digests_and_the_recipe_are_shown_escaped() -> None:
    page = _filled(median_ms=None)
    assert page.startswith("<p>the same</p><p>always</p>")
    assert "Run <code>run-&lt;1&gt;</code>: 61.0 s in the steps that ran." in page
    assert '<td class="left">61.0</td><td class="text">seed: 1 -&gt; &lt;2&gt;</td>' in page
    assert '<td class="left"></td><td class="text">nothing changed</td>' in page
    assert f'train, given by split</td><td class="text">{"b" * 64}</td>' in page
    assert 'verify, gave</td><td class="text">nothing</td>' in page
    assert "title: Kæt" in page


def test_what_found_no_room_in_the_caches_is_said() -> None:
    told = fill_in(PAGE, "run", STEPS, {}, [], cache=["the <pixels> find no room"]).decode()
    assert '<p class="no-room">the &lt;pixels&gt; find no room</p>' in told
    assert "no-room" not in _filled(median_ms=None)


def test_speeds_are_shown_where_some_were_measured() -> None:
    assert "How fast they are" not in _filled(median_ms=None)
    page = _filled(median_ms=2.345)
    assert "<td>1.50 s</td><td>2.35 ms</td><td>4 ms</td><td>1</td>" in page


def test_the_heading_says_what_became_of_the_release_and_what_to_try_is_listed() -> None:
    page = b"<h2><!-- standing -->May be champion<!-- standing -->, overfit</h2><!-- what to try -->"
    tries = ["--set 'augment.erasing={}'  (erase <parts>)"]
    assert fill_in(page, "run", STEPS, {}, [], "", "champion", tries) == (
        b"<h2>Champion, overfit</h2><p>To try, one at a time:</p>\n"
        b"<ul><li>--set &#x27;augment.erasing={}&#x27;  (erase &lt;parts&gt;)</li></ul>"
    )
    assert b"<h2>Not promoted (pinned), overfit</h2>" in fill_in(page, "run", STEPS, {}, [], "", "pinned")
    assert b"May be champion" in fill_in(page, "run", STEPS, {}, [])


def _side(lost: float, leans: str = "") -> dict[str, Any]:
    right = {"accuracy": 0.9 - lost, "accuracy_low": 0.5, "accuracy_high": 1.0}
    return {"lost": lost, "lost_low": lost - 0.05, "lost_high": lost + 0.05, "leans_on": leans, **right}


CURE: dict[str, Any] = {
    "run": "20260101-<b>", "recipe": "augment:\n  noise: 40", "words": "Lost <less>.",
    "cures": [{"field": "noise", "changes": ["noise"], "sets": ["augment.noise=40"], "why": "noise costs & costs"}],
    "changes": [
        {"name": "noise", "before": _side(0.276, "clean pixels"), "after": _side(0.021),
         "gained": 0.255, "gained_low": 0.2, "gained_high": 0.31},
        {"name": "<photo>", "before": None, "after": _side(0.3, "it"), "gained": None, "gained_low": None,
         "gained_high": None},
    ],
}  # fmt: skip


def test_what_was_cured_stands_before_and_after_and_nothing_of_it_where_nothing_was() -> None:
    page = b"<p>always</p><!-- before and after --><p>too</p>"
    assert fill_in(page, "run", STEPS, {}, []) == b"<p>always</p><p>too</p>"
    told = fill_in(page, "run", STEPS, {}, [], cure=CURE).decode()
    assert "run <code>20260101-&lt;b&gt;</code> leans on. Lost &lt;less&gt;.</p>" in told

    def cell(value: str, low: str, high: str) -> str:
        return f'<td>{value}<br><span class="soft">{low} to {high}</span></td>'

    red, missing = '<span class="failed">{}</span>', '<td class="soft">not measured</td>'
    lost = cell(red.format("27.6"), "22.6", "32.6") + cell("2.1", "-2.9", "7.1")
    right = cell("62.4", "50.0", "100.0") + cell("87.9", "50.0", "100.0")
    assert f"<tr><td><b>noise</b></td>{lost}{right}{cell('25.5', '20.0', '31.0')}</tr>" in told
    photo = missing + cell(red.format("30.0"), "25.0", "35.0") + missing + cell("60.0", "50.0", "100.0") + missing
    assert f"<tr><td>&lt;photo&gt;</td>{photo}</tr>" in told
    assert "<li>augment.noise: noise costs &amp; costs</li>" in told
    assert "<pre>augment:\n  noise: 40</pre>" in told
    failed = {name: CURE[name] for name in ("run", "recipe", "cures")}
    short = fill_in(page, "run", STEPS, {}, [], cure=failed).decode()
    assert "<table>" not in short
    assert "noise: 40</pre>" in short


def test_the_other_way_to_split_is_told_where_there_was_a_run() -> None:
    page = b"<p>always</p><!-- the other way to split -->"
    assert fill_in(page, "run", STEPS, {}, []) == b"<p>always</p>"
    assert fill_in(page, "run", STEPS, {}, [], "94 % <mixed>").endswith(b">94 % &lt;mixed&gt;</p>")


def test_the_page_says_when_it_was_and_links_the_exports_that_lie_beside_it() -> None:
    page = b"<!-- when --><h2>Exports</h2><!-- where they are -->"
    exports = [{"format": "tfjs", "released": True}, {"format": "tflite-int8", "released": False}]
    told = fill_in(page, "20261129-194648-3838ae", STEPS, {}, exports).decode()
    assert '<time datetime="2026-11-29T19:46Z">2026-11-29, 19:46 UTC</time>' in told
    assert '<a href="exports/tfjs/">tfjs</a>.' in told
    assert "tflite-int8" not in told  # it is not there
    assert fill_in(page, "run", STEPS, {}, []) == b"<h2>Exports</h2>"
