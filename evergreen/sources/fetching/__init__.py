"""Bytes over the network: asked for, checked, taken up where they broke off."""
