"""Sweeps: which values are tried, which come next, what is no recipe, and what they showed."""
