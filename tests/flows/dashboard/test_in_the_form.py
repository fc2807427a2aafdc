"""flows.dashboard.in_the_form: what a message says to type, as the form has it; what it does not have stays a pair."""

import pytest

from flows.dashboard.in_the_form import fields_in, in_the_form
from flows.form import Settings


@pytest.mark.parametrize(
    ("typed", "form", "without"),
    [
        ("or --set split.test=0.2.", "or Settings > split > test: 0.2.", "or Overrides: split.test=0.2."),
        (
            "--set 'repair.rename.a b=x' (why)",
            "Settings > repair > rename: x (why)",
            "Overrides: repair.rename.a b=x (why)",
        ),
        ("--set train.phases.0.epochs=8  (longer)",) + ("Overrides: train.phases.0.epochs=8  (longer)",) * 2,
        ("--set title='my own'",) + ("Overrides: title=my own",) * 2,
        ("--set a.b=1: unknown",) + ("Overrides: a.b=1: unknown",) * 2,
        ("--source '/my photos', then",) + ("Source: /my photos, then",) * 2,
        ("--source: expected a folder",) * 3,
        (
            "  or on the command line:  --set 'repair.leave_out=[\"x\"]'",
            '  or in the form:  Settings > repair > leave_out: ["x"]',
            '  or in the form:  Overrides: repair.leave_out=["x"]',
        ),
        ("    try: evergreen retrain digits",) + ("    try: Recipe: digits",) * 2,
        (
            "try: evergreen inspect digits --set split.test=0.2 --source /x",
            "try: Recipe: digits; Settings > split > test: 0.2; Source: /x",
            "try: Recipe: digits; Overrides: split.test=0.2; Source: /x",
        ),
        ("  evergreen new mine --source /x",) + ("  in a terminal: evergreen new mine --source /x",) * 2,
        ("evergreen retrain a --set seed=1 --name b",)
        + ("in a terminal: evergreen retrain a --set seed=1 --name b",) * 2,
        ("First: evergreen new x --source 'a b'; then: evergreen retrain x",) * 3,
        ("every one was: evergreen inspect shows which",) + ("every one was: the deployment inspect shows which",) * 2,
    ],
)
def test_options_are_told_as_the_form_has_them(typed: str, form: str, without: str) -> None:
    assert in_the_form(typed) == form
    assert in_the_form(typed, settings=False) == without


def test_fields_that_a_message_names_are_told_where_they_are() -> None:
    text = (
        "expected split.test below 1 (screen.csv, /data/split.test/x, name.y); train.phases.0.epochs: 0 and split.test"
    )
    assert fields_in(text) == [
        "`split.test` is **Settings > split > test**",
        "`train.phases.0.epochs` is in **Settings > train > phases**, whose list is given whole; alone, under "
        "**Overrides**: `train.phases.0.epochs=VALUE`",
    ]
    assert fields_in("split.test", settings=False) == ["`split.test` goes under **Overrides**: `split.test=VALUE`"]


def test_what_it_names_is_in_the_form() -> None:
    assert {"split", "train", "export"} <= set(Settings.model_fields)
