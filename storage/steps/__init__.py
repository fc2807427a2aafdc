"""What steps gave, and under which keys: records, read as lineage; memories of small answers."""
