"""From the names of folders, files or a table to labels: every step certain, said, or asked."""
