"""Resizing along one axis: which two inputs an output lies between, and how near to each.

Not windowed, and no matter of padding; here so that its faults are told apart from padding's.
"""

from __future__ import annotations

from fractions import Fraction

from padcheck.errors import GeometryError

__all__ = ["COORDINATES", "INTERPOLATIONS", "blend", "source_position"]

#: How an output index becomes a position among the inputs (ONNX Resize-19).
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
#: Linear between two inputs, or the nearest, halves going down or up, or the one below.
INTERPOLATIONS = ("linear", "nearest", "nearest_up", "nearest_floor")


def source_position(output: int, input_size: int, output_size: int, coordinates: str) -> Fraction:
    """Where output `output` lies, in input elements; may lie outside [0, input_size - 1].

    Source: ONNX Resize-19, coordinate_transformation_mode.
    """
    if coordinates == "asymmetric":
        return Fraction(output * input_size, output_size)
    if coordinates == "align_corners":
        last = output_size - 1
        return Fraction(output * (input_size - 1), last) if last else Fraction(0)
    if coordinates == "pytorch_half_pixel" and output_size == 1:
        return Fraction(0)
    if coordinates in ("half_pixel", "pytorch_half_pixel"):
        return Fraction((2 * output + 1) * input_size, 2 * output_size) - Fraction(1, 2)
    raise GeometryError(
        f"expected one of {', '.join(COORDINATES)} but got coordinates={coordinates!r}"
    )


def blend(
    output: int, input_size: int, output_size: int, coordinates: str, interpolation: str
) -> tuple[int, int, Fraction]:
    """(low, high, share of high): what output `output` is made of; positions are clamped."""
    at = source_position(output, input_size, output_size, coordinates)
    at = min(max(at, Fraction(0)), Fraction(input_size - 1))
    low = at.numerator // at.denominator
    high = min(low + 1, input_size - 1)
    share = at - low
    if interpolation == "linear":
        return low, high, share
    if interpolation not in INTERPOLATIONS:
        raise GeometryError(
            f"expected one of {', '.join(INTERPOLATIONS)} but got mode={interpolation!r}"
        )
    up = {"nearest": share > Fraction(1, 2), "nearest_up": share >= Fraction(1, 2)}
    return low, high, Fraction(int(up.get(interpolation, False)))
