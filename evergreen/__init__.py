"""The craft, as plain functions over paths, tables and arrays. Knows no orchestrator and no store."""
