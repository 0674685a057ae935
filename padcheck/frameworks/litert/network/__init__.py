"""A .tflite model: its sites, their numbers, and the interpreter at work on it."""

from padcheck.frameworks.litert.network.network import LiteRTNetwork, open_network

__all__ = ["LiteRTNetwork", "open_network"]
