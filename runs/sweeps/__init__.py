"""Sweeps in a store: what is known of one before it begins."""
