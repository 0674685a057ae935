"""The geometries that every suite includes are in `quick`, one by one."""

from __future__ import annotations

import pytest

from padcheck.checks.corpus import corpus
from padcheck.checks.corpus.essentials import essentials
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.records import OpSpec
from padcheck.records.case import NODE, SPLIT, Case

QUICK = corpus("quick")
#: Without their bias, which may be or not.
SPECS = {case.spec.replace(bias=False) for case in QUICK}

LISTED = [
    *(op(CONV, (n, 6), 3, 2, pads=(1, 1)) for n in (6, 8, 224, 512)),
    *(op(CONV, (n, 7), 3, 2, pads=(1, 1)) for n in (7, 9, 225, 257, 513)),
    op(CONV, (224, 8), 7, 2, pads=(3, 3)),
    op(CONV, (224, 8), 7, 2, pads=(2, 3)),
    op(CONV, (224, 12), 11, 4, pads=(2, 2)),
    op(CONV, (224, 12), 11, 4, pads=(5, 5)),
    op(CONV, (224, 12), 11, 4, pads=(3, 4)),
    *(op(CONV, (9, 8), k, pads=SAME_UPPER) for k in (2, 4, 6)),
    op(CONV, (7, 9), 2, 2),
    op(CONV, (9, 10), 1, 3),
    op(CONV, (8, 10), (3, 1), 2),
    op(CONV, (8, 9), (3, 5), (2, 1), pads=((1, 3), (2, 4))),
    op(CONV, (9, 9), 3, 3, (1, 2), pads=((1, 1), (2, 2))),
    op(CONV, (9, 8), 3, 1, 2, pads=(2, 2), group=3, channels=(3, 3)),
    op(CONV, (9, 8), 3, 2, pads=SAME_UPPER, group=2, channels=(2, 4)),
    op(CONV, (9, 8), 3, (1, 2), pads=(1, 1), group=2, channels=(4, 6)),
    op(CONV, 44, 11, 4, pads=(2, 2)),
    op(CONV, 12, 3, 1, 2, pads=(4, 0)),
    op(CONV, 13, 3, 2, pads=(2, 0)),
    op(CONV, (6, 7, 8), 3, 2, pads=(0, 1)),
    op(CONV, (6, 7, 8), (1, 3, 3), (1, 2, 2), pads=SAME_UPPER),
    op(CONV, (6, 5, 6), 3, pads=((2, 0), (1, 1), (1, 1))),
    op(MAX, (112, 6), 3, 2, pads=(1, 1)),
    op(MAX, (13, 12), 2, 1, pads=(0, 1)),
    op(MAX, (13, 12), 3, 3, 2),
    op(AVERAGE, (35, 6), 3, 1, pads=(1, 1)),
    op(AVERAGE, (35, 6), 3, 1, pads=(1, 1), **COUNTED),
    op(AVERAGE, (8, 9), 4, 1, pads=SAME_LOWER),
    op(MAX, (32, 6), 1, 2, **CEIL),
    op(MAX, (5, 5), 2, 2, pads=(1, 1), **CEIL),
    op(MAX, (9, 9), 4, 4, pads=(2, 2), **CEIL),
    op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **COUNTED, **CEIL),
    op(TRANSPOSED, (5, 6), 3, 2, pads=(1, 1), output_padding=(1, 1)),
    op(TRANSPOSED, (5, 6), 7, 4, pads=SAME_UPPER),
    op(TRANSPOSED, (4, 5), 1, 2, pads=SAME_UPPER),
    *(op(TRANSPOSED, (4, 4), 3, 2, pads=p, output_shape=(8, 7)) for p in ((0, 0), SAME_LOWER)),
    *(op(CONV, (6, 7), 3, pads=(w, w), pad_mode="wrap") for w in (1, 2, 3)),
    op(CONV, (6, 7), 3, pads=(1, 0), pad_mode="reflect"),
]


@pytest.mark.parametrize("spec", LISTED, ids=str)
def test_it_is_in_quick(spec: OpSpec) -> None:
    assert spec in SPECS


@pytest.mark.parametrize("kind", [CONV, TRANSPOSED, MAX, AVERAGE], ids=lambda kind: kind.value)
@pytest.mark.parametrize("pads", [(1, 1), VALID, SAME_UPPER, SAME_LOWER], ids=str)
def test_policies_at_open_sizes(kind, pads) -> None:  # type: ignore[no-untyped-def]
    assert Case(spec=op(kind, (8, 9), 3, 2, pads=pads), dynamic=True) in QUICK


@pytest.mark.parametrize("padding", [NODE, SPLIT])
def test_pad_nodes_before_ops_that_pad_or_do_not(padding: str) -> None:
    pads = (1, 1) if padding == NODE else (2, 2)
    for kind, more in ((CONV, {}), (MAX, {}), (AVERAGE, COUNTED), (LP, {})):
        spec = op(kind, (8, 9), 3, 2, pads=pads, **more)
        assert Case(spec=spec, padding=padding) in QUICK


def test_what_a_pad_node_holds() -> None:
    for kind, fill in ((CONV, 5.0), (MAX, 0.0), (MAX, 5.0)):
        assert op(kind, (8, 9), 3, 2, pads=(1, 1), pad_value=fill) in SPECS


def test_none_is_lost_and_none_is_twice() -> None:
    """All are questions; `quick` starts with them."""
    cases = essentials()
    assert len(cases) == len(set(cases)) == 181
    assert QUICK[: len(cases)] == cases
