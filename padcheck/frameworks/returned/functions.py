"""An opened model as a function on (N, C, *spatial), and the code of that function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.returned.layouts import FIRST, LAST, Layout, layout_by
from padcheck.frameworks.returned.opening import Opened, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_function", "code_for", "function_of"]

Function = Callable[["NDArray[Any]"], "NDArray[Any]"]


def as_function(
    returned: Any, rank: int, channels: int, layout: str | Layout | None = None
) -> Function:
    """What a converter returned as a function x (N, C, *spatial) float32 -> (N, C, *spatial).

    `channels` are those of x. `layout`: where the model has them, "channels_first",
    "channels_last", one of each, or None for what its input's declared shape says.

    Raises FrameworkError for what cannot be run (`opened` says what can), and where the
    declared shape leaves the layout open; the function raises it for whatever the model raises,
    which is its `__cause__`.
    """
    model = opened(returned)
    if layout is None:
        layout = layout_by(model.input_shape, channels, (None,) * rank)
        if layout is None:
            raise FrameworkError(
                f"cannot tell where it has its channels: its input is declared as "
                f"{model.input_shape}; say layout={FIRST!r} or {LAST!r}"
            )
    both = layout if isinstance(layout, Layout) else Layout(layout, layout)
    return function_of(model, rank, both)


def function_of(model: Opened, rank: int, layout: Layout) -> Function:
    """1. A batch that the model fixes is kept to: x is given in parts, the last one filled up.
    2. An output that has not `rank` spatial axes stays as it is.
    """
    import numpy as np

    fixed = model.input_shape[0] if model.input_shape else None

    def run(x: NDArray[Any]) -> Any:
        given = np.moveaxis(x, 1, -1) if layout.input == LAST else x
        given = np.ascontiguousarray(given)
        try:
            if fixed is None or fixed == len(given):
                y = _array(model.call(given))
            else:
                y = _in_parts(model, given, fixed)  # rule 1
        except PadcheckError:
            raise
        except Exception as error:
            raise FrameworkError(one_line(error)) from error
        is_last = layout.output == LAST and getattr(y, "ndim", 0) == rank + 2  # rule 2
        return np.moveaxis(y, -1, 1) if is_last else y

    return run


def _in_parts(model: Opened, x: NDArray[Any], size: int) -> NDArray[Any]:
    import numpy as np

    filled = np.concatenate([x, np.repeat(x[-1:], -len(x) % size, axis=0)])
    parts = [_array(model.call(filled[at : at + size])) for at in range(0, len(x), size)]
    joined: NDArray[Any] = np.concatenate(parts)[: len(x)]
    return joined


def _array(returned: Any) -> Any:
    """The only array in what a model returned; what has several, or none, as it is."""
    while isinstance(returned, (Mapping, list, tuple)) and len(returned) == 1:
        returned = next(iter(returned.values() if isinstance(returned, Mapping) else returned))
    if hasattr(returned, "detach"):  # a tensor of torch
        returned = returned.detach().cpu()
        return (returned.float() if str(returned.dtype) == "torch.bfloat16" else returned).numpy()
    if not hasattr(returned, "shape"):
        return returned
    import numpy as np

    return np.asarray(returned)


def code_for(model: Opened, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(imports, lines): `y` from `converted` and x, as `function_of` runs it.

    Where the model fixes its batch, x is taken to have no more than that.
    """
    fixed = model.input_shape[0] if model.input_shape else None
    x, lines, end = "x", model.code.lines, ""
    if fixed is not None and fixed > 1:
        count = f"{fixed} - len(x)"
        filled = f"filled = np.concatenate([x, np.repeat(x[-1:], {count}, axis=0)])"
        x, lines, end = "filled", (*lines, filled), "[: len(x)]"
    x = f"np.moveaxis({x}, 1, -1)" if layout.input == LAST else x
    if fixed == 1:
        y = f"np.concatenate([{model.code.call.format(x='one[None]')} for one in {x}])"
    else:
        y = model.code.call.format(x=x) + end
    if layout.output == LAST:
        y = f"np.moveaxis({y}, -1, 1)"
    return model.code.imports, (*lines, f"y = {y}")
