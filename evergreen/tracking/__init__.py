"""Experiment tracking: what a run was and gave, told to MLflow or written for TensorBoard. Off unless a recipe asks."""
