"""Sweeps of a store: what one trial does, the processes that do it, and what is kept. Knows no Prefect."""
