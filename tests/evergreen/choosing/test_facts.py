"""evergreen.choosing.facts: a screened table in numbers."""

import pandas as pd

from evergreen.choosing.facts import facts_of


def test_a_table_in_numbers() -> None:
    table = pd.DataFrame(
        {
            "label": ["cat"] * 6 + ["dog"] * 4,
            "width": [400] * 9 + [1200],
            "height": [300] * 8 + [400, 300],
            "mode": ["RGB"] * 8 + ["L", "1"],
            "subset": ["train"] * 8 + ["test", ""],
        }
    )
    facts = facts_of(table, ["dog", "cat", "emu"], grouped=True, processors=2)
    assert facts.counts == {"dog": 4, "cat": 6, "emu": 0}
    assert (facts.images, facts.classes) == (10, ("dog", "cat", "emu"))
    assert (facts.width, facts.height, facts.longer, facts.shorter) == (400, 300, 400, 300)
    assert facts.grey == 0.2
    assert facts.subsets == {"train", "test"}
    assert 1 < facts.aspects[0] < 4 / 3 < facts.aspects[1] < 4
    assert facts.spread == facts.aspects[1] / facts.aspects[0]
    assert facts.imbalance == 6
    assert facts.grouped
