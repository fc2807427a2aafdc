"""From files to a dataset: repair, screen, split, balance. A dataset is a table, not a folder."""
