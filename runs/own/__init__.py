"""Somebody's own photos: a recipe for them, and what of another recipe does not fit them."""
