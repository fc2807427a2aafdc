"""Sweeps: which values are tried, which come next, and what they showed."""
