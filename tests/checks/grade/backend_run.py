"""Grades Keras layers on the backend that KERAS_BACKEND names, and prints what came of it as JSON.

In a process of its own, since Keras has one backend per process: {"versions": ..., "outcomes":
[[how, codes], ...], "scripts": whether they compute what was graded, "traces": see `_traces`,
"tensorflow": whether it was loaded}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np

from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects import keras_backends
from padcheck.records.case import Case
from tests.checks.grade.backend_cases import CASES, SCRIPTED
from tests.frameworks.brute import example


def main() -> None:
    backend = os.environ["KERAS_BACKEND"]
    grader = getattr(keras_backends, f"on_{backend}")()
    versions = grader.versions()
    found = {
        "versions": versions,
        "outcomes": [_judged(grader, case) for case in CASES],
        "scripts": [_script_agrees(grader, case) for case in SCRIPTED],
        "traces": _traces(grader) if backend == "jax" else None,
        "tensorflow": "tensorflow" in sys.modules,
    }
    print(json.dumps(found))


def _judged(grader: Any, case: Case) -> tuple[str, list[str]]:
    outcome = judged(grader, case)
    assert outcome is not None
    return outcome.how, list(outcome.codes)


def _script_agrees(grader: Any, case: Case) -> bool:
    """Whether the script's `y` is what the grader's function gives."""
    made, script = example(case.spec), grader.script(case)
    names: dict[str, Any] = {"np": np, "x": made.x, "w": made.weight, "b": made.bias}
    exec("\n".join((*script.imports, *script.lines)), names)
    return np.array_equal(names["y"], grader.build(case, made.weight, made.bias).run(made.x))


def _traces(grader: Any) -> list[int]:
    """How often JAX traces a function: called once, again, and after as many builds as it
    remembers.
    """
    import jax

    traced = []
    function = jax.jit(lambda x: traced.append(x) or x)
    counts = []
    for builds in (0, 0, keras_backends.REMEMBERED):
        for _ in range(builds):
            grader.build(CASES[-1], None, None)
        function(1.0)
        counts.append(len(traced))
    return counts


if __name__ == "__main__":
    main()
