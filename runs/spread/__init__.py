"""Work on images that the workers of a Dask cluster do in shards, inside of the one step: the same bytes as without."""
