"""Which model may stand for a recipe: shared images, statistics of two models on them, the gate."""
