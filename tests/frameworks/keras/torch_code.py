"""Runs the grid's code on the torch backend and prints what came of it, as JSON.

In a process of its own, since Keras has one backend per process: {"backend": name, "tensorflow":
whether it was loaded, "code": {lowering: indices in its RUNS that came out wrong},
"symmetric": (2, 3, 4) padded by 2 before}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import keras

from padcheck.frameworks import dialect
from padcheck.records import OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.grid import FILLED, GRID
from tests.frameworks.keras.running import run_code

#: lowering -> what is run: border modes and fills too, where they are computed.
RUNS = {
    "keras_torch_same": GRID,
    "keras_torch_zeropad_valid": GRID,
    "keras_torch_pad_valid": [*GRID, *FILLED],
}


def main() -> None:
    code = {}
    for lowering, specs in RUNS.items():
        lowered = [dialect(lowering).lower(spec, lowering) for spec in specs]
        code[lowering] = [
            index
            for index, each in enumerate(lowered)
            if each.spec is not None and not _right(each.code, specs[index], each.spec)
        ]
    padded = keras.ops.pad(keras.ops.array([2.0, 3.0, 4.0]), ((2, 0),), mode="symmetric")
    symmetric = keras.ops.convert_to_numpy(padded).tolist()
    found = {"code": code, "symmetric": symmetric, "tensorflow": "tensorflow" in sys.modules}
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
