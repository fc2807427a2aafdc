"""Sweeps: which values of a recipe are tried, and what trying them found."""
