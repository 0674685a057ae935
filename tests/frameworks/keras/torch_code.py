"""Runs the grid's code on the torch backend and prints what came of it, as JSON.

In a process of its own, since Keras has one backend per process: {"backend": name, "tensorflow":
whether it was loaded, "code" and "repair": {lowering: indices in the grid that came out wrong}}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import keras

from padcheck.frameworks import dialect
from padcheck.records import OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.grid import GRID
from tests.frameworks.keras.running import run_code

LOWERINGS = ("keras_torch_same", "keras_torch_zeropad_valid")


def main() -> None:
    code, repair = {}, {}
    for lowering in LOWERINGS:
        lowered = [dialect(lowering).lower(spec, lowering) for spec in GRID]
        code[lowering] = [
            index
            for index, each in enumerate(lowered)
            if each.spec is not None and not _right(each.code, GRID[index], each.spec)
        ]
        repair[lowering] = [
            index
            for index, each in enumerate(lowered)
            if each.repair and not _right(each.repair, GRID[index], GRID[index])
        ]
    found = {"code": code, "repair": repair, "tensorflow": "tensorflow" in sys.modules}
    print(json.dumps({"backend": keras.backend.backend(), **found}))


def _right(lines: Sequence[str], spec: OpSpec, promised: OpSpec) -> bool:
    """Whether the lines compute what was promised; a line that cannot run raises."""
    case = example(spec)
    try:
        assert_computes(promised, case, run_code(lines, spec, case), "; ".join(lines))
    except (AssertionError, RuntimeError):  # torch raises RuntimeError
        return False
    return True


if __name__ == "__main__":
    main()
