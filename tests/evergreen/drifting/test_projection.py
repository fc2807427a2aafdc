"""evergreen.drifting.projection: the same places every time, neighbours that stay together, and little of little."""

import numpy as np
import pytest

from evergreen.drifting.projection import NEIGHBOURS, Projection, project


def groups(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of three groups of images that are far apart, (N, 20), and which group each is of."""
    rng = np.random.default_rng(seed)
    of = np.arange(count) % 3
    return np.abs(rng.normal(0, 0.2, (count, 20)) + 4 * np.eye(20)[of]), of


def test_groups_stay_apart_and_neighbours_are_kept() -> None:
    features, of = groups(90)
    found = project(features)
    assert set(found.ways) == {"pca", "tsne"}
    for places in found.ways.values():
        assert places.shape == (90, 2)
        assert np.abs(places).max() == 1.0
        centres = np.stack([places[of == group].mean(axis=0) for group in range(3)])
        nearest = ((places[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        assert (nearest == of).all()
    assert 0.8 < found.variance < 1
    # Of 90 images, 10 drawn at random would keep 11 %.
    assert 0.3 < found.kept["pca"] < found.kept["tsne"] <= 1


def test_equal_features_give_equal_places_and_mirrored_axes_do_not_turn_them() -> None:
    features, _ = groups(60)
    one, again = project(features), project(features.copy())
    for way, places in one.ways.items():
        assert places.tobytes() == again.ways[way].tobytes()
    assert one.facts() == again.facts()
    # Unit length is what counts: brighter features are no other ones.
    assert project(3.0 * features).ways["pca"].tolist() == one.ways["pca"].tolist()


def test_the_share_of_variance_is_what_two_axes_show() -> None:
    features, _ = groups(200)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    values = np.linalg.svd(unit - unit.mean(axis=0), compute_uv=False) ** 2
    assert project(features).variance == pytest.approx(values[:2].sum() / values.sum(), abs=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3, 11, 12])
def test_few_images_have_places_too(count: int) -> None:
    found = project(groups(count)[0])
    assert found.ways["pca"].shape == (count, 2)
    assert np.isfinite(found.ways["pca"]).all()
    assert ("tsne" in found.ways) == (count >= 12)
    assert all(0 <= kept <= 1 for kept in found.kept.values())


def test_images_that_are_all_one_lie_in_one_place() -> None:
    found = project(np.ones((30, 5), np.float32))
    assert np.abs(found.ways["pca"]).max() <= 1
    assert np.isfinite(found.ways["pca"]).all()
    assert 0 <= found.variance <= 1
    wide = project(np.ones((3, 1), np.float32))
    assert wide.ways["pca"].tolist() == [[0.0, 0.0]] * 3


def test_its_table_is_by_path() -> None:
    places = np.array([[0.5, -1.0], [0.25, 1.0]])
    found = Projection({"pca": places}, 0.5, {"pca": 1.0})
    table = found.table(["b.png", "a.png"])
    assert table.to_dict("list") == {"path": ["a.png", "b.png"], "pca_x": [0.25, 0.5], "pca_y": [1.0, -1.0]}
    assert found.facts() == {"variance": 0.5, "kept": {"pca": 1.0}}
    assert NEIGHBOURS == 10  # the page says ten
