"""Pairs the sites of two networks: by their weights first, then by where they stand."""

from padcheck.matching.match import match
from padcheck.matching.pairs import Matching, Pair, Sided

__all__ = ["Matching", "Pair", "Sided", "match"]
