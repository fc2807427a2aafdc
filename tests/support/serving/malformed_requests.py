"""Requests that are wrong in every way that somebody thought of, as bytes on a connection."""

import random

from malformed import Malformed, Target
from malformed_bodies import MAKERS as BODIES
from malformed_heads import MAKERS as HEADS


def malformed_requests(target: Target, count: int, seed: int = 0) -> list[Malformed]:
    """Return so many requests, of every kind by turns; the same ones for the same seed."""
    rng, makers = random.Random(seed), (*BODIES, *HEADS)
    return [makers[number % len(makers)](target, rng) for number in range(count)]
