"""The remote behind a store: the same bytes and references for several machines, in a bucket or a shared folder."""
