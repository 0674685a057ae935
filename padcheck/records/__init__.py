"""Frozen records: what an op is, what was seen, what it proves, and the report.

What only a comparison needs (`network`) loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.records.agreement import agreement_of, same_function
from padcheck.records.deviation import Deviation, Rearrangement
from padcheck.records.end_to_end import EndToEnd, OutputReport
from padcheck.records.evidence import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    BorderShare,
    Finding,
    Lowered,
    Mismatch,
    Proof,
    Site,
)
from padcheck.records.report import (
    SCHEMA,
    AxisSizes,
    LoweringReport,
    ModelRef,
    OpReport,
    Report,
)
from padcheck.records.spec import OpKind, OpSpec
from padcheck.records.words import gist, percent, printable, uniquely

if TYPE_CHECKING:
    from padcheck.records.network import (
        Change,
        Epilogue,
        OpValues,
        Place,
        Quantization,
        Tensor,
    )

__all__ = [
    "EQUIVALENT",
    "MISMATCH",
    "SCHEMA",
    "UNVERIFIED",
    "AxisSizes",
    "BorderShare",
    "Change",
    "Deviation",
    "EndToEnd",
    "Epilogue",
    "Finding",
    "Lowered",
    "LoweringReport",
    "Mismatch",
    "ModelRef",
    "OpKind",
    "OpReport",
    "OpSpec",
    "OpValues",
    "OutputReport",
    "Place",
    "Proof",
    "Quantization",
    "Rearrangement",
    "Report",
    "Site",
    "Tensor",
    "agreement_of",
    "gist",
    "percent",
    "printable",
    "same_function",
    "uniquely",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'padcheck.records' has no attribute {name!r}")
    from padcheck.records import network

    return getattr(network, name)
