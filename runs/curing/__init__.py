"""Curing a recipe of what its model leans on: which run says so, what is set against it, before and after."""
