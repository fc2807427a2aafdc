"""evergreen.vision.explaining.judged: which images have maps, for which classes, and that they lie on the picture."""

import cv2
import numpy as np
import pandas as pd
import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.images.thumbnails import thumbnail
from evergreen.vision.evaluate import Evaluation, evaluate
from evergreen.vision.explaining.judged import RIGHT, WORST, chosen, heat_of
from evergreen.vision.networks import runtime


def _table(labels: list[str], wrong: int, classes: list[str]) -> pd.DataFrame:
    other = dict(zip(classes, classes[1:] + classes[:1], strict=True))
    return pd.DataFrame(
        {
            "path": [f"{number:04}" for number in range(len(labels))],
            "label": labels,
            "predicted": [other[label] if number < wrong else label for number, label in enumerate(labels)],
            "loss": [9.0 - number * 0.001 for number in range(len(labels))],
        }
    )


@pytest.mark.parametrize(("classes", "images", "wrong"), [(2, 30, 3), (2, 30, 30), (2, 5, 0), (1000, 1000, 20)])
def test_the_worst_come_first_then_the_surest_right_ones(classes: int, images: int, wrong: int) -> None:
    names = [f"c{number:03}" for number in range(classes)]
    table = _table([names[number % classes] for number in range(images)], wrong, names)
    found = chosen(table, names)
    assert found["path"].tolist()[:WORST] == table["path"].tolist()[:WORST]
    right = found[WORST:]
    assert len(right) == (0 if wrong == images or images <= WORST else RIGHT)
    assert (right["label"] == right["predicted"]).all()
    assert found["path"].is_unique
    if classes == 2 and len(right):
        assert right["label"].value_counts().tolist() == [3, 3]
        assert set(right["path"]) == set(table["path"][-6:])
    if classes == 1000:
        assert right["label"].tolist()[0] == "c020"
        assert right["label"].tolist()[-1] == "c999"
        assert right["label"].is_unique
    shuffled = table.sample(frac=1, random_state=1)
    assert chosen(shuffled, names)["path"].tolist() == found["path"].tolist()


def test_a_wrong_answer_has_a_map_for_the_true_class_too(trained: Trained) -> None:
    table = trained.table.copy()
    mislabelled = table["path"][(table["split"] == "test") & (table["label"] == "dark")].iloc[0]
    table.loc[table["path"] == mislabelled, "label"] = "red"
    found = evaluate(table, trained.images, CLASSES, RECIPE, trained.model).heat
    assert found.method == "grad-cam"
    first = found.images[0]
    assert first["path"] == mislabelled
    assert [one["label"] for one in first["maps"]] == ["dark", "red"]
    assert len(found.images) == WORST + RIGHT
    assert all(len(entry["maps"]) == 1 for entry in found.images[WORST:])
    files = [one["file"] for entry in found.images for one in entry["maps"]]
    assert files == list(found.files)
    maps = {
        name: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) for name, data in found.files.items()
    }
    digest = table.set_index("path")["sha256"][mislabelled]
    assert maps[first["maps"][0]["file"]].shape == thumbnail(trained.blobs[digest]).shape[:2]
    assert max(one.max() for one in maps.values()) > 200
    assert found.as_json() == {"method": "grad-cam", "images": found.images}


def test_equal_inputs_give_equal_maps_of_judged_images_alone(trained: Trained, evaluation: Evaluation) -> None:
    judged = set(trained.table["path"][trained.table["split"] == "test"])
    assert {entry["path"] for entry in evaluation.heat.images} <= judged
    assert evaluate(trained.table, trained.images, CLASSES, RECIPE, trained.model).heat == evaluation.heat


def test_a_model_without_a_feature_map_is_explained_by_occlusion(trained: Trained, evaluation: Evaluation) -> None:
    import keras

    runtime.start(1)
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs)))
    table = trained.table.sort_values("path", ignore_index=True)
    judged = evaluation.predictions.assign(sha256=table["sha256"])[table["split"] == "test"]
    rows = trained.images.rows(table, RECIPE.image)
    found = heat_of(model, rows, judged, CLASSES, trained.images, RECIPE.image)
    assert found.method == "occlusion"
    assert len(found.images) == WORST + RIGHT
