"""A store with a remote behind it: how it is opened, what of a run travels, and one champion for all machines."""
