"""Where bytes rest: content-addressed store, fingerprints, step records, lineage. Knows no images and no Prefect."""
