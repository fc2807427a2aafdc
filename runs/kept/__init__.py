"""What steps keep in the store's folder beside artifacts: caches, checkpoints, and what is left of them."""
