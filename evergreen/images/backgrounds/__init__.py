"""Uniform backgrounds: found, cut away with a soft edge, and replaced by scenes."""
