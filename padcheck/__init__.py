"""padcheck: is the converted network the same network, and if not, which pad is to blame.

Public names load when they are first used; importing padcheck loads no framework and no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from padcheck import strategies as strategies
    from padcheck.checks.builders import (
        average_pool,
        conv,
        conv_transpose,
        lp_pool,
        max_pool,
        resize,
    )
    from padcheck.checks.callable import assert_callable, check_callable
    from padcheck.checks.compare import assert_equivalent, compare
    from padcheck.checks.conformance import assert_conforms
    from padcheck.checks.diagnose import diagnose
    from padcheck.checks.experiment import check_conv
    from padcheck.checks.grade import assert_graded, grade
    from padcheck.checks.suite import geometries
    from padcheck.errors import (
        FrameworkError,
        GeometryError,
        MissingFramework,
        ModelError,
        PadcheckError,
        UsageError,
    )
    from padcheck.records import Finding, OpSpec, Report

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "FrameworkError",
    "GeometryError",
    "MissingFramework",
    "ModelError",
    "OpSpec",
    "PadcheckError",
    "Report",
    "UsageError",
    "__version__",
    "assert_callable",
    "assert_conforms",
    "assert_equivalent",
    "assert_graded",
    "average_pool",
    "check_callable",
    "check_conv",
    "compare",
    "conv",
    "conv_transpose",
    "diagnose",
    "geometries",
    "grade",
    "lp_pool",
    "max_pool",
    "resize",
    "strategies",
]

_HOMES = {
    "assert_callable": "padcheck.checks.callable",
    "assert_conforms": "padcheck.checks.conformance",
    "assert_equivalent": "padcheck.checks.compare",
    "assert_graded": "padcheck.checks.grade",
    "average_pool": "padcheck.checks.builders",
    "check_callable": "padcheck.checks.callable",
    "check_conv": "padcheck.checks.experiment",
    "compare": "padcheck.checks.compare",
    "conv": "padcheck.checks.builders",
    "conv_transpose": "padcheck.checks.builders",
    "diagnose": "padcheck.checks.diagnose",
    "geometries": "padcheck.checks.suite",
    "grade": "padcheck.checks.grade",
    "lp_pool": "padcheck.checks.builders",
    "max_pool": "padcheck.checks.builders",
    "resize": "padcheck.checks.builders",
    "Finding": "padcheck.records",
    "OpSpec": "padcheck.records",
    "Report": "padcheck.records",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'padcheck' has no attribute {name!r}")
    if name == "strategies":
        return import_module("padcheck.strategies")
    return getattr(import_module(_HOMES.get(name, "padcheck.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
