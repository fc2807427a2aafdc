"""Commands that make a model: retrain, and what surrounds it."""
