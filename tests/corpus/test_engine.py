"""The corpus's own engine against brute force, and every box against the engine."""

from __future__ import annotations

import numpy as np

from padcheck.records import OpKind
from tests.corpus import guilty, innocent
from tests.corpus.arrays import arrays
from tests.corpus.cases import Case, ids
from tests.corpus.references import reference
from tests.frameworks import brute

_ALL = [*guilty.cases(), *guilty.composed(), *innocent.cases()]


def _plain() -> list[Case]:
    """One case for every op that brute force can compute."""
    different = {
        (case.kind, repr(case.arguments)): case
        for case in _ALL
        if case.arguments.get("pad_mode", "constant") == "constant"
        and case.kind != "resize"
        and not {"epsilon", "activation"} & set(case.arguments)
    }
    return list(different.values())


def test_the_engine_computes_what_the_arguments_say():
    for case in _plain():
        spec = case.spec()
        asked = brute.example(spec)
        given = [asked.x, asked.weight, asked.bias]
        made = reference(case.kind, case.arguments)(*(a for a in given if a is not None))
        if spec.kind is OpKind.LP_POOL:
            made = made.astype(np.float64) ** spec.p
        brute.assert_computes(spec, asked, made, str(case))


def test_every_guilty_box_is_guilty():
    for case in (*guilty.cases(), *guilty.composed()):
        given = arrays(case)
        right = reference(case.kind, case.arguments)(*given)
        made = case.box(*given)
        assert made.dtype == np.float32, str(case)
        assert made.shape != right.shape or not np.array_equal(made, right), str(case)


def test_every_innocent_box_is_innocent():
    for case in innocent.cases():
        given = arrays(case)
        right = reference(case.kind, case.arguments)(*given)
        made = case.box(*(array.copy() for array in given))
        made = np.asarray(made.detach() if hasattr(made, "detach") else made)
        np.testing.assert_allclose(made, right, rtol=1e-5, atol=1e-2, err_msg=str(case))


def test_no_two_cases_have_one_name():
    names = ids(_ALL)
    assert len(set(names)) == len(names)
