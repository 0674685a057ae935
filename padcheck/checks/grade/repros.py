"""A failing case as a script of its own: numpy, onnx and what the subject needs, nothing of ours.

It ends with exit code 1 while the fault is there, 0 once it is mended.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.grade.grader import Script
from padcheck.checks.grade.literals import WIDTH, assigned, written
from padcheck.records import OpKind
from padcheck.records.case import CRASHED, SHAPE, Case, Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["repro"]


def repro(
    *,
    subject: str,
    versions: Mapping[str, str],
    case: Case,
    outcome: Outcome,
    script: Script,
    x: NDArray[Any],
    weight: NDArray[Any] | None,
    bias: NDArray[Any] | None,
    expected: NDArray[Any],
    observed: NDArray[Any] | None = None,
) -> str:
    """The script: x (N, C, *spatial), weight and bias as `script` wants them, and the outputs
    (N, C, *spatial), `observed` being what the subject gave, where that is known.
    """
    code = [*_docstring(subject, versions, case, outcome), "", *_imports(script), ""]
    for name, array in (("x", x), ("w", weight), ("b", bias)):
        if array is not None:
            code += assigned(name, array, dtype="np.float32")
    code += ["", *script.lines, ""]
    code += assigned("expected", expected)
    code += _observed(subject, versions, observed)
    code += _ending(_tolerance(case.spec.kind, expected, observed))
    return "\n".join(code) + "\n"


def _tolerance(kind: OpKind, expected: NDArray[Any], observed: NDArray[Any] | None) -> str:
    """That of rounding; half of what was seen, where that is less."""
    exact = kind not in (OpKind.AVERAGE_POOL, OpKind.LP_POOL)
    relative, absolute = (0.0, 0.01) if exact else (1e-6, 1e-3)
    if observed is not None and observed.shape == expected.shape:
        off = np.abs(observed - expected)
        most = float(off.max(initial=0.0))
        if 0 < most < np.inf and (off <= absolute + relative * np.abs(expected)).all():
            relative, absolute = 0.0, most / 2
    return f"rtol={relative:g}, atol={absolute:.3g}"


def _docstring(
    subject: str, versions: Mapping[str, str], case: Case, outcome: Outcome
) -> Iterator[str]:
    yield f'"""{_said(subject, versions)}: {case.op_type} {_does(outcome)}'
    yield ""
    yield from _wrapped(str(case))
    said = [f"{finding.code}: {finding.message}" for finding in outcome.findings]
    for line in said or [outcome.said or ""]:
        yield from _wrapped(line)
    others = [f"{name} {number}" for name, number in versions.items()][1:]
    if others:
        yield from _wrapped(f"With {', '.join(others)}.")
    yield '"""'


def _said(subject: str, versions: Mapping[str, str]) -> str:
    """The subject with its own version, if it has one."""
    known = [number for number in list(versions.values())[:1] if number != "unknown"]
    return _plain(" ".join([subject, *known]))


def _does(outcome: Outcome) -> str:
    if outcome.how == CRASHED:
        return "ends the process."
    return f"gives {'another shape' if outcome.how == SHAPE else 'other numbers'}."


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(_plain(text), WIDTH, break_on_hyphens=False)


def _plain(text: str) -> str:
    """Fit to stand in a docstring."""
    letters = (letter if letter.isprintable() else " " for letter in text)
    return "".join(letters).replace("\\", "/").replace('"', "'")


def _imports(script: Script) -> list[str]:
    lines = dict.fromkeys([*script.imports, "import numpy as np"])
    if any(re.search(r"\bonnx\.", line) for line in script.lines):
        lines["import onnx"] = None
    return sorted(lines, key=lambda line: (line.startswith("from "), line))


def _observed(
    subject: str, versions: Mapping[str, str], observed: NDArray[Any] | None
) -> Iterator[str]:
    """What the subject gave, as a remark, where that is short."""
    if observed is None:
        return
    said = f"# {_said(subject, versions)} gives"
    line = f"{said} {written(observed)}"
    yield line if len(line) <= WIDTH else f"{said} an array of shape {tuple(observed.shape)}"


def _ending(tolerance: str) -> tuple[str, ...]:
    return (
        "",
        "y = np.asarray(y)",
        "right = y.shape == expected.shape",
        "if right:",
        '    print("observed", y.tolist())',
        '    print("expected", expected.tolist())',
        f"    right = np.allclose(y, expected, {tolerance}, equal_nan=True)",
        "else:",
        '    print("observed shape", y.shape)',
        '    print("expected shape", expected.shape)',
        'print("right: the fault is mended" if right else "wrong: the fault is there")',
        "raise SystemExit(0 if right else 1)",
    )
