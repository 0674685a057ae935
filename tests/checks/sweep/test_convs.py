"""Sweeps: the prediction is what PyTorch and TensorFlow do, geometry by geometry."""

from collections import Counter

import pytest

from padcheck.checks.sweep import AGREES, SHAPE, SILENT, measure, predict
from padcheck.errors import UsageError
from padcheck.geometry import explicit
from padcheck.records import OpKind
from tests.specs import spec


def grid(strides, pad_of, sizes=range(5, 65), kernels=range(1, 8)):
    return [spec(n, k, s, pad_of(k), rank=1) for n in sizes for k in kernels for s in strides]


def silent_share(stride, pad_of):
    outcomes = Counter(point.predicted for point in predict(grid([stride], pad_of)))
    return round(100 * outcomes[SILENT] / outcomes.total())


@pytest.mark.parametrize(("stride", "share"), [(1, 0), (2, 21), (3, 38), (4, 46)])
def test_how_often_half_padding_is_silently_wrong_under_same(stride, share):
    assert silent_share(stride, lambda k: (k - 1) // 2) == share


@pytest.mark.parametrize(("stride", "share"), [(1, 0), (2, 43), (3, 57), (4, 64)])
def test_how_often_k_over_2_is_silently_wrong_under_same(stride, share):
    assert silent_share(stride, lambda k: k // 2) == share


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_what_is_measured_is_what_was_predicted(rank):
    sizes = range(5, 13) if rank < 3 else range(5, 8)
    specs = [
        spec(n, k, s, explicit(before, after), rank=rank)
        for n in sizes
        for k in range(1, 5)
        for s in (1, 2, 3, 5)
        for before, after in ((0, 0), (1, 1), (0, 1), (2, 0))
    ]
    seen = Counter()
    for point in measure(specs):
        assert point.measured == point.predicted, point.spec
        assert point.zeropad_valid == AGREES
        seen[point.measured] += 1
    assert set(seen) == {AGREES, SILENT, SHAPE}


def test_only_convolutions_of_one_group():
    with pytest.raises(UsageError, match="one group"):
        list(measure([spec(8, 3, kind=OpKind.MAX_POOL)]))
