"""Zip and tar, opened without trust."""
