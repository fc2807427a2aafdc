"""Asking a person about single images: what is asked, the file in which answers are written, and the page."""
