"""The runtimes that exports are opened in: processes of their own, and a browser."""
