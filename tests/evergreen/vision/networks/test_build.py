"""evergreen.vision.networks.build: heads as the recipes want them."""

from evergreen.recipe import load_recipe
from evergreen.sections.phases import Phase
from evergreen.vision.networks import backbones, build, runtime


def test_the_head_of_garbage_and_that_of_tsel() -> None:
    for name in ("garbage", "tsel", "chessman"):
        recipe = load_recipe(
            name, ["train.backbone=EfficientNetLite0", "train.weights=none", "image={height: 64, width: 64}"]
        )
        runtime.start(1)
        model = build.build(recipe.train, recipe.image, 3)
        kinds = [type(layer).__name__ for layer in model.layers]
        if name == "garbage":
            assert "SeparableConv2D" in kinds
            (norm,) = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
            assert not norm.trainable
            backbones.unfreeze(model, Phase(unfreeze="all", epochs=1))
            assert not norm.trainable
        if name == "tsel":
            assert kinds.count("LeakyReLU") == 2
        if name == "chessman":
            assert "Flatten" in kinds
        assert model.layers[-1].dtype_policy.name == "float32"
