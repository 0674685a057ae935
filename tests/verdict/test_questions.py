"""The order of questions: what a difference looks like before any cause is tried."""

import numpy as np
import pytest

from padcheck.geometry import SAME_UPPER, VALID
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records import OpKind, OpSpec
from padcheck.verdict.search import Search
from tests.specs import spec

CONV = spec(9, 3, 1, 1, bias=True)
STRIDED = spec(16, 3, 2, 1, bias=True)


def seen(reference: OpSpec, faulty: OpSpec | np.ndarray) -> tuple[str, tuple[str, ...]]:
    probe = make_probe(reference)
    made = faulty
    if isinstance(faulty, OpSpec):
        made = evaluate(faulty, probe.x, probe.weight, probe.bias).values
    answer = Search(reference, made, probe).answer
    return answer.words.partition(": ")[0], answer.families


EVERY = ("grid", "fill", "array", "value")


@pytest.mark.parametrize(
    ("reference", "faulty", "words", "families"),
    [
        (CONV, CONV.with_rule(VALID), "the shapes differ", EVERY),
        (CONV, CONV.replace(pad_value=5.0), "only the border is wrong", ("grid", "fill")),
        (
            STRIDED,
            STRIDED.with_rule(SAME_UPPER),
            "the interior is right after a shift of the windows by (1, 1)",
            EVERY,
        ),
        (
            STRIDED,
            STRIDED.with_pads([(1, 1), (0, 1)]),
            "the interior is right after a shift of the windows by (0, 1)",
            EVERY,
        ),
        (CONV, CONV.deviating(bias_factor=0), "every channel is off by a constant", EVERY),
        (
            CONV,
            CONV.deviating(scale=(2.0, 2.0, 3.0)),
            "every channel is off by a constant factor",
            EVERY,
        ),
        (CONV, CONV.deviating(dtype="bfloat16"), "the difference is uniform and tiny", EVERY),
        (
            STRIDED,
            STRIDED.with_rule(SAME_UPPER).deviating(bias_factor=0),
            "after a shift of the windows by (1, 1), every channel is off by a constant",
            EVERY,
        ),
        (
            CONV,
            CONV.deviating(flipped=(0, 1)),
            "the interior is wrong, and no shift of the windows puts it right",
            EVERY,
        ),
    ],
)
def test_the_first_question_answered_with_yes(reference, faulty, words, families):
    assert seen(reference, faulty) == (words, families)


def test_interior_touches_no_pad_under_either_reading():
    """k3 s2 at 4: every window touches a pad before or after a shift, so none is aligned."""
    reference = spec(4, 3, 2, 1)
    words, _ = seen(reference, reference.with_rule(SAME_UPPER))
    assert words == "the interior is wrong, and no shift of the windows puts it right"


def test_a_pool_with_zeros_for_pads_is_wrong_at_its_border():
    pool = spec(9, 3, 2, 1, kind=OpKind.MAX_POOL)
    assert seen(pool, pool.replace(pad_value=0.0)) == ("only the border is wrong", ("grid", "fill"))


def test_an_output_of_another_rank_has_another_shape():
    assert seen(CONV, np.zeros((1, 3, 9)))[0] == "the shapes differ"
