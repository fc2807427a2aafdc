"""Decoding in processes of their own, which a bad file may crash: how many, with how much memory, and what they answer."""
