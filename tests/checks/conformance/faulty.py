"""A framework of our own oracle that goes wrong in one class of geometries per lowering."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np

from padcheck.errors import FrameworkError
from padcheck.frameworks import Framework, Package
from padcheck.geometry import Rounding
from padcheck.oracle import evaluate
from padcheck.records import Lowered, OpKind, OpSpec

LOWERINGS = (
    "right",
    "loses_bias",
    "zero_fills",
    "short",
    "raises",
    "crashes",
    "answers",
    "not_ours",
    "no_array",
    "bad_dialect",
    "batch",
)


class FaultyDialect:
    """Says that everything is computed as asked, but for border modes."""

    lowerings = LOWERINGS

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        if spec.pad_mode != "constant":
            return Lowered(lowering=lowering, spec=None, reason="no border modes")
        if lowering == "bad_dialect" and spec.group == 3:
            raise KeyError("group")
        return Lowered(lowering=lowering, spec=spec, code=(f"faulty({spec})",))


DIALECT = FaultyDialect()


class FaultyRunner:
    lowerings = LOWERINGS

    def versions(self) -> dict[str, str]:
        return {"faulty": "1.0"}

    def run(self, spec: OpSpec, lowering: str, x: Any, weight: Any, bias: Any) -> Any:
        if spec.pad_mode != "constant" and lowering != "answers":
            raise FrameworkError("faulty 1.0: no border modes")
        if lowering == "loses_bias" and max(spec.dilation) > 1:
            bias = None
        if lowering == "zero_fills" and spec.kind is OpKind.MAX_POOL and spec.stride[-1] == 2:
            spec = spec.replace(pad_value=0.0)
        if lowering == "raises" and spec.kind is OpKind.CONV_TRANSPOSE and spec.group > 1:
            raise FrameworkError(f"faulty 1.0: {spec.group} groups")
        if lowering == "crashes" and spec.kind is OpKind.LP_POOL and spec.p != 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if lowering == "not_ours" and spec.rank == 3 and spec.kind is OpKind.LP_POOL:
            raise ValueError("not ours")
        if lowering == "no_array" and spec.rank == 3 and spec.kind is OpKind.LP_POOL:
            return None
        result = evaluate(spec, x, weight, bias)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = (result.numerator / result.divisor).astype(np.float32)
        if lowering == "short" and spec.rounding is Rounding.CEIL:
            y = y[..., :-1]
        if lowering == "batch" and spec.kind is OpKind.CONV and spec.channels == (1, 1):
            y[1:] = 0
        return y


FAULTY = Framework(
    name="wrong",
    lowerings=LOWERINGS,
    packages=(Package("click", ("click",)),),
    extra="wrong",
    dialect="tests.checks.conformance.faulty:DIALECT",
    runner="tests.checks.conformance.faulty:FaultyRunner",
)
