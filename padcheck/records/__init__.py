"""Frozen records: what an op is, what was seen, what it proves, and the report."""

from padcheck.records.agreement import agreement_of, same_function
from padcheck.records.deviation import Deviation, Rearrangement
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
from padcheck.records.words import percent, printable

__all__ = [
    "EQUIVALENT",
    "MISMATCH",
    "SCHEMA",
    "UNVERIFIED",
    "AxisSizes",
    "BorderShare",
    "Deviation",
    "Finding",
    "Lowered",
    "LoweringReport",
    "Mismatch",
    "ModelRef",
    "OpKind",
    "OpReport",
    "OpSpec",
    "Proof",
    "Rearrangement",
    "Report",
    "Site",
    "agreement_of",
    "percent",
    "printable",
    "same_function",
]
