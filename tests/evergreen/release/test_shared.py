"""evergreen.release.shared: on which images both may be judged."""

from made_tables import hash_of, table_of

from evergreen.release.shared import shared_images


def test_what_the_champion_trained_on_or_was_validated_on_is_left_out_and_counted() -> None:
    challenger = table_of({"train": ["a"], "validation": ["b"], "test": ["c", "d", "e", "f", "f"]})
    champion = table_of({"train": ["c", "x"], "validation": ["d"], "test": ["e"]})
    shared = shared_images(challenger, champion, 0)
    assert list(shared.images["pixels"]) == ["pixels e", "pixels f"]
    assert (shared.split, shared.held_out, shared.seen, shared.near) == ("test", 4, 2, 0)


def test_near_duplicates_of_what_the_champion_learned_from_are_left_out_too() -> None:
    challenger = table_of({"train": ["a"], "test": ["b", "c", "d"]})
    champion = table_of({"train": ["x"], "test": ["y"]})
    near = {"b": 0b111, "c": 0b1111}
    for name, bits in near.items():
        flipped = int(hash_of("x"), 16) ^ bits
        challenger.loc[challenger["pixels"] == f"pixels {name}", "phash"] = f"{flipped:016x}"
    shared = shared_images(challenger, champion, 3)
    assert list(shared.images["pixels"]) == ["pixels c", "pixels d"]
    assert (shared.seen, shared.near) == (0, 1)
    assert shared_images(challenger, champion, 0).near == 0


def test_without_test_images_both_are_judged_by_validation() -> None:
    challenger = table_of({"train": ["a"], "validation": ["b", "c"]})
    champion = table_of({"train": ["a", "c"], "validation": ["b"]})
    shared = shared_images(challenger, champion, 0)
    assert (shared.split, list(shared.images["pixels"]), shared.seen) == ("validation", ["pixels b"], 1)
