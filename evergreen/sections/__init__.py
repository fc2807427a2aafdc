"""The sections of a recipe: frozen models, with bounds, unit and description on every field."""
