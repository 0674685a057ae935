"""No innocent is accused."""

from __future__ import annotations

import pytest

import padcheck
from tests.corpus import innocent
from tests.corpus.cases import Case


@pytest.mark.parametrize("case", innocent.cases(), ids=str)
def test_an_innocent_is_acquitted(case: Case):
    report = padcheck.check_callable(case.spec(), case.box)
    assert report.verdict == "equivalent", str(report)
    assert report.ok
    assert all(finding.latent for finding in report.findings)


def test_there_are_enough_innocents_of_enough_sorts():
    titles = {(case.kind, case.title) for case in innocent.cases()}
    assert len(titles) >= 40


@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
def test_a_box_in_either_layout_is_acquitted(layout):
    import tensorflow as tf

    spec = padcheck.conv(input_size=(8, 9), kernel_size=3, stride=2, pads="same_upper")

    def last(x, w):
        return tf.nn.conv2d(x, w, strides=2, padding="SAME").numpy()

    def first(x, w):
        moved = last(x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0))
        return moved.transpose(0, 3, 1, 2)

    box = {"channels_first": first, "channels_last": last}[layout]
    assert padcheck.check_callable(spec, box, layout=layout).verdict == "equivalent"


@pytest.mark.parametrize("kind", ["max_pool", "average_pool"])
def test_a_channels_last_pool_is_acquitted(kind):
    import tensorflow as tf

    pool = {"max_pool": tf.nn.max_pool2d, "average_pool": tf.nn.avg_pool2d}[kind]
    spec = getattr(padcheck, kind)(input_size=(8, 9), kernel_size=3, stride=2, pads="same_upper")

    def box(x):
        return pool(x, 3, 2, "SAME").numpy()

    assert padcheck.check_callable(spec, box, layout="channels_last").verdict == "equivalent"
