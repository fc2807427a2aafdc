"""Tables of datasets whose pictures are but names."""

import numpy as np
import pandas as pd


def table_of(splits: dict[str, list[str]], labels: dict[str, str] | None = None) -> pd.DataFrame:
    """Return a dataset of pictures by name; equal names are equal pixels, and no two hashes are near."""
    names = [(name, split) for split, some in splits.items() for name in some]
    return pd.DataFrame(
        [
            (f"{split}/{number} {name}", (labels or {}).get(name, "cat"), f"pixels {name}", hash_of(name), split)
            for number, (name, split) in enumerate(names)
        ],
        columns=["path", "label", "pixels", "phash", "split"],
    )


def hash_of(name: str) -> str:
    """Return a perceptual hash, 16 hex digits, that is near no other name's."""
    return f"{np.random.default_rng(list(name.encode())).integers(0, 2**63):016x}"
