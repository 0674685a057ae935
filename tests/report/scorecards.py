"""Scorecards made by hand."""

import dataclasses
import math

import padcheck
from padcheck.records import Finding, Proof
from padcheck.records.case import Case, Outcome
from padcheck.records.scorecard import Failure, Refusal, Scorecard, Suite, tally

VERSIONS = {"onnx2keras": "0.0.25", "keras": "3.15.1", "tensorflow": "2.21.0"}
REPRO = "import numpy as np\n\nassert np.ones(1) == 2  # `keras` says 1\n"


def case(**more):
    besides = {name: more.pop(name) for name in ("opset", "dynamic", "padding") if name in more}
    return Case(spec=padcheck.conv(**{"input_size": (5, 5), "kernel_size": 3, **more}), **besides)


STRIDED = case(stride=2, pads=1, bias=True)
LINE = case(input_size=(4,), kernel_size=2, pads=((1, 0),), opset=9, dynamic=True)
POOL = Case(spec=padcheck.max_pool(input_size=(4, 4), kernel_size=2, pads=1), padding="node")


def finding(code, name, message, *notes, status="proven", residual=0.0, rivals=()):
    proof = Proof(status=status, residual=residual, rivals=rivals)
    return Finding(code=code, name=name, op="", message=message, notes=notes, proof=proof)


SAME = Failure(
    op_type="Conv",
    rank=2,
    kind="silent",
    codes=("PAD101",),
    count=15,
    kinds={"silent": 12, "shape": 3},
    proven=15,
    case=STRIDED,
    findings=(
        finding(
            "PAD101",
            "asymmetric_same",
            "extra pad is at the bottom/right: pads (0,1)",
            "pads: reference (1,1), observed (0,1)",
            "seen: the interior is right after a shift of the windows by (1, 1)",
            "proven: PAD101 reproduces all 192 outputs exactly, residual 0",
        ),
    ),
    repro=REPRO,
)
TWICE = Failure(
    op_type="Conv",
    rank=1,
    kind="shape",
    codes=("PAD104", "PAD904"),
    count=20,
    kinds={"shape": 20},
    proven=18,
    case=LINE,
    findings=(
        finding("PAD104", "pads_dropped", "padding is lost", "1 | 2", status="ambiguous"),
        finding("PAD904", "bias_lost", "bias is lost", "1 | 2", status="ambiguous"),
    ),
    repro=REPRO,
)
UNEXPLAINED = Failure(
    op_type="Conv",
    rank=2,
    kind="silent",
    codes=("PAD999",),
    count=2,
    kinds={"silent": 2},
    case=case(group=2, channels=(4, 4)),
    findings=(
        finding("PAD999", "unexplained", "outputs differ", status="unexplained", residual=math.inf),
    ),
)
CRASH = Failure(
    op_type="MaxPool",
    rank=2,
    kind="crashed",
    codes=(),
    count=4,
    kinds={"crashed": 4},
    case=POOL,
    said="signal SIGSEGV: Fatal `Python` error\n@someone",
    repro="import onnx\n",
)
KNOWN = dataclasses.replace(
    SAME,
    rank=3,
    count=1,
    kinds={"silent": 1},
    known="mended in 1.0",
    case=case(input_size=(5,) * 3),
)
FAILURES = (CRASH, TWICE, UNEXPLAINED, KNOWN, SAME)

REFUSALS = (
    Refusal(op_type="Conv", rank=3, stage="convert", error="KeyError: 'w'", count=5, case=STRIDED),
    Refusal(op_type="Conv", rank=1, stage="run", error="KeyError: 'w'", count=4, case=LINE),
    Refusal(op_type="MaxPool", rank=2, stage="convert", error="E" * 400, count=1, case=POOL),
)


def outcomes(counts, of):
    return [Outcome(case=of, how=how) for how, count in counts.items() for _ in range(count)]


OPS = tally(
    [
        *outcomes({"crashed": 4, "refused": 1}, POOL),
        *outcomes({"right": 20, "silent": 15, "shape": 3, "refused": 5}, STRIDED),
        *outcomes({"shape": 20, "refused": 4}, LINE),
    ]
)
COUNTS = {"right": 20, "silent": 15, "shape": 23, "refused": 10, "crashed": 4, "unverified": 0}


def card(**more):
    made = Scorecard(
        subject="onnx2keras",
        padcheck="0.1.0",
        suite=Suite(level="quick", version=1, cases=72, left_out={"no words for wrap": 6}),
        counts=COUNTS,
        versions=VERSIONS,
        ops=OPS,
        failures=FAILURES,
        refusals=REFUSALS,
    )
    return dataclasses.replace(made, **more)


CLEAN_COUNTS = {"right": 72}
FULL = card(stale=("conv-2d: no longer fails",), notes=("half of it",))
CLEAN = card(counts=CLEAN_COUNTS, ops=tally(outcomes(CLEAN_COUNTS, LINE)), failures=(), refusals=())
ONLY_KNOWN = card(failures=(KNOWN,), refusals=())
UNSURE = card(
    failures=(), counts={"right": 71, "unverified": 1}, unverified=((STRIDED, "too large to run"),)
)
UNVERSIONED = card(
    subject="mypkg.convert:to_keras", versions={"mypkg": "unknown"}, failures=(SAME, SAME)
)
CARDS = {
    "full": FULL,
    "clean": CLEAN,
    "only known": ONLY_KNOWN,
    "unsure": UNSURE,
    "unversioned": UNVERSIONED,
}
