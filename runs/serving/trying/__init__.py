"""A challenger beside the champion of a service: asked in its shadow, or given a share of the requests."""
