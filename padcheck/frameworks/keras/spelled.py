"""A layer as the call that makes it."""

from __future__ import annotations

from padcheck.frameworks.keras.steps import Argument, Step
from padcheck.frameworks.spelling import call, numbers

__all__ = ["layer_call"]

#: Arguments written by position, as people write them (`padding` is a str in all but ZeroPadding).
_BY_POSITION = ("filters", "kernel_size", "pool_size", "padding", "cropping", "window_shape")


def layer_call(step: Step) -> str:
    """`layers.Conv2D(3, 3, padding="valid")`; strides of 1 are left out of convolutions."""
    positional, keywords = [], {}
    for name, value in step.arguments:
        if name in _BY_POSITION and not isinstance(value, str):
            positional.append(_value(value))
        elif not (name == "strides" and _all_one(value) and step.weights):
            keywords[name] = _value(value)
    return call(f"layers.{step.name}", *positional, **keywords)


def _all_one(value: Argument) -> bool:
    return isinstance(value, tuple) and set(value) == {1}


def _value(value: Argument) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if not isinstance(value, tuple):
        return str(value)
    if isinstance(value[0], tuple):
        return str(value)
    return numbers([number for number in value if isinstance(number, int)])
