"""Which model may stand for a recipe: shared images, the gate."""
