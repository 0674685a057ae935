"""One cause per file, and the one table of codes."""

from __future__ import annotations

from importlib import import_module

from padcheck.causes.base import (
    ARRAY,
    FILL,
    GRID,
    NO_CLUES,
    VALUE,
    Cause,
    Clues,
    listed,
    pairs_text,
)
from padcheck.errors import UsageError

__all__ = [
    "ARRAY",
    "CODES",
    "FILL",
    "GRID",
    "NO_CLUES",
    "PRECEDENCE",
    "VALUE",
    "Cause",
    "Clues",
    "all_causes",
    "cause",
    "documentation",
    "listed",
    "pairs_text",
    "precedence",
]

#: code -> name, which is also the module. Codes are public and never reused.
CODES: dict[str, str] = {
    "PAD101": "asymmetric_same",
    "PAD102": "same_side_swapped",
    "PAD103": "causal_centred",
    "PAD104": "pads_dropped",
    "PAD105": "pads_one_ended",
    "PAD106": "same_ignores_dilation",
    "PAD107": "negative_total_pad",
    "PAD108": "pads_frozen",
    "PAD109": "pads_axis_order",
    "PAD110": "size_dependent_same",
    "PAD201": "zero_filled_max_pool",
    "PAD202": "wrong_pad_value",
    "PAD203": "pads_counted_in_average",
    "PAD204": "border_mode_swapped",
    "PAD301": "partial_window",
    "PAD401": "transposed_crop_side",
    "PAD402": "transposed_output_size",
    "PAD901": "layout_swapped",
    "PAD902": "kernel_flipped",
    "PAD903": "attribute_lost",
    "PAD904": "bias_lost",
    "PAD905": "normalization_epsilon",
    "PAD906": "activation_clip",
    "PAD907": "resize_coordinates",
    "PAD908": "rounding_only",
    "PAD998": "framework_diverges",
    "PAD999": "unexplained",
}

#: Which name to use for two causes that are one function at every input size: a rule that
#: frameworks offer comes before a slip of the pen, and the rule with a purpose comes first.
PRECEDENCE = (
    "PAD103",
    "PAD101",
    "PAD110",
    "PAD102",
    "PAD106",
    "PAD107",
    "PAD401",
    "PAD402",
    "PAD104",
    "PAD108",
    "PAD201",
    "PAD203",
    "PAD301",
    "PAD101 guess",
    "PAD105",
    "PAD109",
)

#: What comes before is about padding; from here on it is not.
_NOT_PADDING = "PAD900"

#: Verdicts about a measurement rather than hypotheses about an op.
_NO_COUNTERFACTUAL = ("PAD998", "PAD999")


def cause(code: str) -> Cause:
    """The cause of a code that offers counterfactuals."""
    found: Cause = import_module(f"padcheck.causes.{CODES[code]}").CAUSE
    return found


def all_causes(*, padding_only: bool = False) -> tuple[Cause, ...]:
    """Every cause that offers counterfactuals, in the order of the codes.

    `padding_only` leaves out those that are no matter of padding.
    """
    codes = [code for code in CODES if not (padding_only and code > _NOT_PADDING)]
    return tuple(cause(code) for code in codes if code not in _NO_COUNTERFACTUAL)


def precedence(code: str, *, guess: bool = False) -> int:
    """The place of a code, or of its guess, in PRECEDENCE; codes not there come after."""
    name = f"{code} guess" if guess else code
    return PRECEDENCE.index(name) if name in PRECEDENCE else len(PRECEDENCE)


def documentation(code: str) -> str:
    """The cause's docstring; raises UsageError for an unknown code, listing the known ones.

    A code may be given by number alone, in any case, or by name.
    """
    wanted = code.strip()
    key = wanted.upper() if wanted.upper().startswith("PAD") else f"PAD{wanted}"
    by_name = {name: known for known, name in CODES.items()}
    key = by_name.get(wanted.lower(), key)
    if key not in CODES:
        raise UsageError(f"expected one of {', '.join(CODES)} but got code={code!r}")
    text = import_module(f"padcheck.causes.{CODES[key]}").__doc__
    assert text is not None
    return text
