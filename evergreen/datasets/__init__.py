"""From files to a dataset: the door, repair, screen, split, balance. A dataset is a table, not a folder."""
