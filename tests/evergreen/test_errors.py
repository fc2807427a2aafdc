"""evergreen.errors: the tree in its docstring is the tree of its classes."""

import re

from evergreen import errors


def test_the_tree_is_drawn_as_it_is() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if re.search(r"[├└]── ", line)]
    drawn: dict[str, str] = {}
    above = ["EvergreenError"]
    for line in lines:
        before, _, rest = line.partition("── ")
        depth, name = 1 + len(before) // 4, rest.split()[0]
        drawn[name] = above[depth - 1]
        above[depth:] = [name]
    found = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.EvergreenError) and kind is not errors.EvergreenError
    }
    assert drawn == found


def test_what_is_kept_of_a_failure_is_said_beside_its_words() -> None:
    assert (errors.SourceUnreachable("busy", 3.0).retry_after, str(errors.SourceUnreachable("busy"))) == (3.0, "busy")
    assert errors.DecoderFailed("torn", 1.5).megapixels == 1.5
