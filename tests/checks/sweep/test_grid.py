"""What a user writes becomes lists of ints, rules and geometries, or one clear error."""

import pytest

from padcheck.checks.sweep.grid import MOST_SIZE, grid_of, values_of
from padcheck.errors import UsageError
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, Rounding, Window, explicit
from padcheck.records import OpKind
from padcheck.records.grid import PADDINGS, rule_of


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("7", (7,)),
        (7, (7,)),
        ("5..9", (5, 6, 7, 8, 9)),
        ("5..10:2", (5, 7, 9)),
        ("1,3..5", (1, 3, 4, 5)),
        ("9, 3,3..4", (3, 4, 9)),
        (range(2, 5), (2, 3, 4)),
        ([4, 2, 4], (2, 4)),
    ],
)
def test_values_are_ascending_and_each_once(written, values):
    assert values_of("input", written) == values


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("5..3", "input=5..3 is empty"),
        ("5..9:0", "input=5..9:0 is empty"),
        ("1..99999999", "input=1..99999999 has more than"),
        ("", "got input="),
        ("3x5", "expected ints like 7, 5..33, 1,3..7 or 5..33:2 but got input=3x5"),
        ("9" * 5000, "expected ints like"),
        ("0", "expected int >= 1 but got input=0"),
        (2.0, "expected int >= 1 but got input=2.0 (type=float)"),
        ([1.5], "expected int >= 1 but got input=1.5"),
        ([True], "expected int >= 1 but got input=True"),
        ([], "expected at least one int but got input"),
        (MOST_SIZE + 1, f"expected ints of at most {MOST_SIZE}"),
    ],
)
def test_other_values_are_refused_by_name(written, words):
    with pytest.raises(UsageError) as caught:
        values_of("input", written)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("half", ("half",)),
        ("half|same|valid", ("half", "same", "valid")),
        (["half,same_upper", "SAME"], ("half", "same")),
        (1, ("1",)),
        ("0..2", ("0", "1", "2")),
        ("0:1,1:1,-1", ("0:1", "1", "-1")),
        ([0, "1:0"], ("0", "1:0")),
    ],
)
def test_paddings_are_words_each_once(written, words):
    assert grid_of(input_size=9, kernel_size=3, padding=written).padding == words


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("half", explicit(1, 1)),
        ("half_up", explicit(2, 2)),
        ("same", SAME_UPPER),
        ("same_lower", SAME_LOWER),
        ("valid", VALID),
        ("causal", CAUSAL),
        ("3", explicit(3, 3)),
        ("-1:2", explicit(-1, 2)),
    ],
)
def test_the_rule_that_a_word_means_for_an_even_kernel(word, rule):
    assert rule_of(word, Window(4, 2)) == rule


def test_half_is_of_the_effective_kernel():
    assert rule_of("half", Window(3, 1, 4)) == explicit(4, 4)


def test_every_word_has_a_rule():
    for word in PADDINGS:
        assert grid_of(input_size=9, kernel_size=3, padding=word).padding == (word,)
        rule_of(word, Window(3))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"op": "pool"}, "expected an op of conv, conv_transpose, max_pool"),
        ({"rank": 4}, "expected 1, 2 or 3 but got rank=4"),
        ({"ceil_mode": True}, "ceil_mode is for pools, but the op is conv"),
        ({"op": "max_pool", "count_include_pad": True}, "is for average_pool"),
        ({"op": "conv_transpose", "padding": "causal"}, "causal is not for conv_transpose"),
        ({"padding": "hlaf"}, "expected half, half_up, same, same_lower, valid, causal, an int"),
        ({"padding": []}, "expected at least one padding"),
        ({"padding": "1:2:3"}, "but got padding=1:2:3"),
    ],
)
def test_what_does_not_fit_together_is_refused(options, words):
    with pytest.raises(UsageError) as caught:
        grid_of(input_size=9, kernel_size=3, **options)
    assert words in str(caught.value)


def test_points_come_in_the_order_of_the_maps():
    grid = grid_of(
        input_size="5,6", kernel_size="1,2", stride="1,2", dilation="1,3", padding="half,same"
    )
    points = list(grid.points())
    assert len(points) == len(grid) == 32
    assert [tuple(point) for point in points[:5]] == [
        ("half", 1, 1, 1, 5),
        ("half", 1, 1, 1, 6),
        ("half", 1, 1, 2, 5),
        ("half", 1, 1, 2, 6),
        ("half", 1, 2, 1, 5),
    ]
    for number, one in enumerate(grid.maps):
        part = points[number * grid.map_size : (number + 1) * grid.map_size]
        assert {tuple(point[:3]) for point in part} == {one}


def test_the_op_of_a_point_has_the_same_numbers_on_every_axis():
    grid = grid_of(
        op="average_pool",
        input_size=9,
        kernel_size=3,
        stride=2,
        padding="0:1",
        rank=3,
        ceil_mode=True,
        count_include_pad=True,
    )
    (point,) = grid.points()
    spec = grid.spec(point)
    assert spec.kind is OpKind.AVERAGE_POOL
    assert (spec.input_size, spec.kernel_size, spec.stride) == ((9,) * 3, (3,) * 3, (2,) * 3)
    assert spec.resolved_pads == ((0, 1),) * 3
    assert (spec.rounding, spec.count_include_pad) == (Rounding.CEIL, True)


def test_max_pools_pad_with_nothing():
    grid = grid_of(op="max_pool", input_size=9, kernel_size=3)
    assert grid.spec(next(grid.points())).pad_value == float("-inf")
