"""Which input each tap of each output reads: the ground truth every formula is tested against.

Tap j of output o reads input `o * stride - pad_before + j * dilation`; outside `[0, n)` it
is a pad tap.
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.geometry.window import Window

__all__ = [
    "divisor",
    "enumerate_reads",
    "interior",
    "read_window",
    "reads_any_input",
    "reads_padding",
    "real_taps",
    "unread_head",
    "unread_tail",
]


def read_window(output: int, window: Window, pad_before: int) -> range:
    """The input positions that output `output` reads, tap by tap; may leave `[0, n)`."""
    start = output * window.stride - pad_before
    return range(start, start + window.effective_kernel, window.dilation)


def real_taps(output: int, input_size: int, window: Window, pad_before: int) -> int:
    """How many taps of this output read a real input: 0 .. kernel_size."""
    start = output * window.stride - pad_before
    first = max(0, -(start // window.dilation))  # first j with start + j*d >= 0
    last = (input_size - 1 - start) // window.dilation  # last j with start + j*d < n
    return max(0, min(last, window.kernel_size - 1) - first + 1)


def divisor(
    output: int,
    input_size: int,
    window: Window,
    pad_before: int,
    pad_after: int,
    count_include_pad: bool,
) -> int:
    """The taps of this axis that an average counts: real ones, or those within the pads.

    The overhang that CEIL adds past `n + pad_after` is never counted (ONNX AveragePool-19,
    PyTorch `avg_pool2d`).
    """
    if not count_include_pad:
        return real_taps(output, input_size, window, pad_before)
    return real_taps(output, input_size + pad_before + pad_after, window, 0)


def reads_padding(input_size: int, window: Window, pad_before: int, outputs: int) -> bool:
    """Whether any tap of outputs 0 .. outputs-1 reads outside the input.

    It suffices to ask, per end, the outermost tap: positions grow with output and tap.
    """
    if outputs <= 0:
        return False
    last = (outputs - 1) * window.stride - pad_before + window.effective_kernel - 1
    return pad_before > 0 or last >= input_size


def reads_any_input(input_size: int, window: Window, pad_before: int, outputs: int) -> bool:
    """Whether any tap of outputs 0 .. outputs-1 reads a real input."""
    if outputs <= 0:
        return False
    first, last = _straddlers(input_size, window, pad_before, outputs)
    return any(
        real_taps(output, input_size, window, pad_before) > 0 for output in range(first, last + 1)
    )


def _straddlers(input_size: int, window: Window, pad_before: int, outputs: int) -> tuple[int, int]:
    """The first and last output whose span meets the input; few enough to be tried one by one.

    A window spans the input's first element at the latest `effective_kernel` after its start;
    one that starts inside the input reads it, so the search ends there.
    """
    first = max(0, -((window.effective_kernel - 1 - pad_before) // window.stride))
    inside = max(0, -(-pad_before // window.stride))
    last = min(outputs - 1, max(inside, first))
    return min(first, last), last


def interior(input_size: int, window: Window, pad_before: int, outputs: int) -> tuple[int, int]:
    """[first, end) of the outputs whose windows touch no pad; first == end when there are none."""
    first = max(0, -(-pad_before // window.stride))
    reach = input_size - window.effective_kernel + pad_before
    end = min(outputs, reach // window.stride + 1)
    return (first, end) if first < end else (0, 0)


def unread_tail(input_size: int, window: Window, pad_before: int, outputs: int) -> int:
    """Inputs at the high end that no tap reads: n - 1 - (last position read); n if none is.

    Only the windows that leave the input at its high end, and the last that does not, can
    read the last position; they are tried one by one.
    """
    furthest = -1
    for output in range(outputs - 1, -1, -1):
        start = output * window.stride - pad_before
        tap = min((input_size - 1 - start) // window.dilation, window.kernel_size - 1)
        furthest = max(furthest, start + tap * window.dilation if tap >= 0 else -1)
        if start + window.effective_kernel <= input_size:
            break
    return input_size - 1 - furthest


def unread_head(input_size: int, pad_before: int) -> int:
    """Inputs at the low end that a negative pad crops away."""
    return min(max(0, -pad_before), input_size)


def enumerate_reads(
    input_size: int, window: Window, pad_before: int, outputs: int
) -> Iterator[tuple[int, int, int | None]]:
    """Yields (output, tap, input position or None for a pad tap), by enumeration."""
    for output in range(outputs):
        for tap, position in enumerate(read_window(output, window, pad_before)):
            yield output, tap, position if 0 <= position < input_size else None
