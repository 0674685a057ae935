"""What the command line's arguments look like."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["INPUT_SHAPE", "INTS", "PADDING"]


class Numbers(click.ParamType[Any]):
    """Ints joined by `x` or `,`: 224x224, 1,2,1,2; a single int stays one number."""

    name = "INTS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).replace("x", ",").split(","))
        except ValueError:
            self.fail(f"expected ints like 3 or 3x5 but got {value!r}", param, ctx)


class Padding(Numbers):
    """A policy's name, or ints."""

    name = "PADDING"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value[:1].isalpha():
            return value
        return super().convert(value, param, ctx)


class InputShape(click.ParamType[Any]):
    """NAME=1,3,225,225."""

    name = "NAME=INTS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        if isinstance(value, tuple):
            return value
        name, found, shape = str(value).rpartition("=")
        if not found or not name:
            self.fail(f"expected NAME=1,3,225,225 but got {value!r}", param, ctx)
        return name, Numbers().convert(shape, param, ctx)


INTS, PADDING, INPUT_SHAPE = Numbers(), Padding(), InputShape()
