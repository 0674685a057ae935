"""Arrays for a case, to hold boxes to the corpus's own engine without padcheck."""

from __future__ import annotations

import numpy as np

from tests.corpus.cases import Case
from tests.corpus.engine import per_axis


def arrays(case: Case, seed: int = 0) -> list[np.ndarray]:
    """x, weight and bias; strictly negative x for pools."""
    given, rng = case.arguments, np.random.default_rng(seed)
    if not case.has_weight:
        made = [rng.integers(-99, -9, (2, 2, *given["input_size"]))]
    else:
        group = given.get("group", 1)
        c_in, c_out = given.get("channels", (2, 3))
        kernel = per_axis(given["kernel_size"], case.rank)
        shape = (c_out, c_in // group) if case.kind == "conv" else (c_in, c_out // group)
        made = [
            rng.integers(-16, 17, (1, c_in, *given["input_size"])),
            rng.integers(-16, 17, (*shape, *kernel)),
        ]
        if given.get("bias"):
            made.append(rng.integers(1, 5, c_out))
    return [array.astype(np.float32) for array in made]
