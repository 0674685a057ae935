"""Read maps: which input each tap of a black box read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padcheck.errors import UsageError
from padcheck.geometry import SAME_UPPER, VALID, explicit, read_window
from padcheck.probes import decode, expected_map, read_map_probe, read_map_spec
from padcheck.records import OpKind
from tests.specs import box_of, spec

RULES = st.one_of(
    st.sampled_from([VALID, SAME_UPPER]),
    st.builds(explicit, st.integers(0, 3), st.integers(0, 3)),
)


@given(st.integers(3, 9), st.integers(1, 4), st.integers(1, 4), RULES, st.integers(1, 3))
def test_a_box_gives_its_own_map_away(n, k, s, rule, rank):
    op = read_map_spec(spec(max(n, k), k, s, rule, rank=rank))
    seen = decode(box_of(lambda asked: asked)(op, read_map_probe(op)), op)
    assert (seen == expected_map(op)).all()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e9, -3.0])
def test_what_is_no_map_is_not_decoded(number):
    op = read_map_spec(spec(6, 3, rank=1))
    seen = box_of(lambda asked: asked)(op, read_map_probe(op))
    seen[0, 0, 0] = number
    assert decode(seen, op) is None
    assert decode(seen[0], op) is None


def test_a_map_holds_positions_and_pads():
    op = spec(6, 3, 2, pads=1, rank=1)
    rows = expected_map(op).T.tolist()
    assert rows == [[-1, 0, 1], [1, 2, 3], [3, 4, 5]]
    assert [list(read_window(o, op.windows[0], 1)) for o in range(3)] == rows


def test_pools_have_none():
    with pytest.raises(UsageError, match="max_pool"):
        read_map_spec(spec(6, 3, kind=OpKind.MAX_POOL))


def test_positions_past_float32s_integers_are_refused():
    with pytest.raises(UsageError, match="too large"):
        read_map_probe(spec(5000, 3))
