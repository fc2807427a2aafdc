"""Decoding in processes of their own, which a bad file may crash: how many, and with how much memory."""
