"""Faulty black boxes: each named, each proven; innocents acquitted."""

import numpy as np
import pytest

from padcheck.errors import FrameworkError
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, Rounding, explicit
from padcheck.records import OpKind
from padcheck.verdict import judge, judge_predicted
from tests.specs import box_of, spec

POOL, AVERAGE, TRANSPOSED = OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.CONV_TRANSPOSE


def same(asked):
    return asked.with_rule(SAME_UPPER)


def pads(*pairs):
    return lambda asked: asked.with_pads(pairs * asked.rank if len(pairs) == 1 else pairs)


GUILTY = {
    "flagship": (spec(224, 3, 2, 1), same, ["PAD101"]),
    "stem": (spec(224, 7, 2, 3), same, ["PAD101"]),
    "silent k11 s4 p5": (spec(224, 11, 4, 5), same, ["PAD101"]),
    "shape k11 s4 p2": (spec(224, 11, 4, 2), same, ["PAD101"]),
    "1-D": (spec(12, 3, 2, 1, rank=1), same, ["PAD101"]),
    "3-D": (spec(8, 3, 2, 1, rank=3), same, ["PAD101"]),
    "one axis only": (spec((8, 9), 3, 2, 1), same, ["PAD101"]),
    "depthwise": (spec(8, 3, 2, 1, channels=(2, 4), group=2), same, ["PAD101"]),
    "torch for TF": (spec(8, 3, 2, SAME_UPPER), pads((1, 1)), ["PAD101"]),
    "max pool": (spec(112, 3, 2, 1, kind=POOL), same, ["PAD101"]),
    "VALID under SAME": (spec(5, 2, 2), same, ["PAD101"]),
    "lower for upper": (spec(8, 4, 1, SAME_UPPER), lambda s: s.with_rule(SAME_LOWER), ["PAD102"]),
    "upper for lower": (spec(8, 3, 2, SAME_LOWER), same, ["PAD102"]),
    "causal, centred": (spec(20, 3, 1, CAUSAL, rank=1), same, ["PAD103"]),
    "centred, causal": (spec(20, 3, 1, 1, rank=1), lambda s: s.with_rule(CAUSAL), ["PAD103"]),
    "causal in depth only": (
        spec(6, 3, 1, 1, rank=3).with_pads([(2, 0), (1, 1), (1, 1)]),
        same,
        ["PAD103"],
    ),
    "dropped under SAME": (spec(8, 3, 2, SAME_UPPER), lambda s: s.with_rule(VALID), ["PAD104"]),
    "overhang counted": (
        spec(8, 3, 2, kind=AVERAGE, rounding=Rounding.CEIL),
        lambda s: s.with_pads([(0, 1)] * 2).replace(
            rounding=Rounding.FLOOR, count_include_pad=True
        ),
        ["PAD203"],
    ),
    "SAME for ceil and counted": (
        spec(8, 3, 2, 1, kind=AVERAGE, rounding=Rounding.CEIL, count_include_pad=True),
        lambda s: same(s).replace(rounding=Rounding.FLOOR, count_include_pad=False),
        ["PAD101", "PAD203"],
    ),
    "dropped": (spec(8, 3, 1, 1), lambda s: s.with_rule(VALID), ["PAD104"]),
    "dropped, same shape": (
        spec(8, 2, 2, explicit(1, 0)),
        lambda s: s.with_rule(VALID),
        ["PAD104"],
    ),
    "dropped, not SAME": (spec(6, 2, 2, 1), lambda s: s.with_rule(VALID), ["PAD104"]),
    "end lost": (spec(8, 3, 1, 1), pads((1, 0)), ["PAD105"]),
    "begin lost": (spec(224, 5, 2, 2), pads((0, 2)), ["PAD105"]),
    "SAME of this size, kept": (spec(224, 3, 2, 1), pads((0, 1)), ["PAD101"]),
    "doubled": (spec(8, 3, 1, 1), pads((2, 2)), ["PAD105"]),
    "mirrored": (spec(9, 3, 1, explicit(2, 1)), pads((2, 2)), ["PAD105"]),
    "unclamped": (spec(9, 1, 5, SAME_UPPER), pads((-1, -2)), ["PAD107"]),
    "even SAME": (spec(8, 3, 1, 0), same, ["PAD110"]),
    "SAME adds nothing": (spec(6, 2, 2, 1), same, ["PAD110"]),
    "zero fill": (spec(112, 3, 2, 1, kind=POOL), lambda s: s.replace(pad_value=0.0), ["PAD201"]),
    "counted": (
        spec(35, 3, 1, 1, kind=AVERAGE),
        lambda s: s.replace(count_include_pad=True),
        ["PAD203"],
    ),
    "two at once": (
        spec(36, 3, 2, 1, kind=AVERAGE, count_include_pad=True),
        lambda s: same(s).replace(count_include_pad=False),
        ["PAD101", "PAD203"],
    ),
    "zero fill and SAME": (
        spec(112, 3, 2, 1, kind=POOL),
        lambda s: same(s).replace(pad_value=0.0),
        ["PAD101", "PAD201"],
    ),
    "crop side": (spec(8, 3, 2, 1, kind=TRANSPOSED, output_padding=(1, 1)), same, ["PAD401"]),
    "output size": (spec(8, 3, 2, 1, kind=TRANSPOSED), same, ["PAD402"]),
    "crop lost": (spec(8, 3, 1, 1, kind=TRANSPOSED), lambda s: s.with_rule(VALID), ["PAD104"]),
}


@pytest.mark.parametrize(("reference", "faulty", "codes"), GUILTY.values(), ids=GUILTY)
def test_a_seeded_fault_is_named_and_proven(reference, faulty, codes):
    found = judge(reference, box_of(faulty), predict=faulty)
    assert found.verdict == "mismatch"
    assert [finding.code for finding in found.findings] == codes
    assert {finding.proof.status for finding in found.findings} == {"proven"}
    assert {finding.proof.residual for finding in found.findings} == {0}


@pytest.mark.parametrize(("reference", "faulty", "codes"), GUILTY.values(), ids=GUILTY)
def test_the_prediction_names_the_same_cause(reference, faulty, codes):
    found = judge_predicted(reference, faulty)
    assert [finding.code for finding in found.findings] == codes


INNOCENT = {
    "odd size": (spec(225, 3, 2, 1), same),
    "513": (spec(513, 3, 2, 1), same),
    "257": (spec(257, 3, 2, 1), same),
    "k4 s2 p1": (spec(8, 4, 2, 1), same),
    "stride 1": (spec(8, 3, 1, 1), same),
    "pads (0,0,1,1) written for SAME": (spec(224, 3, 2, SAME_UPPER), pads((0, 1))),
    "one more pad that nobody reads": (spec(224, 3, 2, 1), pads((1, 0))),
    "k2 s2 VALID at an even size": (spec(6, 2, 2), same),
    "transposed k4 s2 p1": (spec(8, 4, 2, 1, kind=TRANSPOSED), same),
    "edge before a max pool": (spec(12, 3, 2, 1, kind=POOL), lambda s: s.replace(pad_mode="edge")),
    "average without pads": (
        spec(9, 3, 3, kind=AVERAGE),
        lambda s: s.replace(count_include_pad=True),
    ),
    "SAME_LOWER of an even total": (spec(9, 3, 2, SAME_UPPER), lambda s: s.with_rule(SAME_LOWER)),
}


@pytest.mark.parametrize(("reference", "other"), INNOCENT.values(), ids=INNOCENT)
def test_an_innocent_is_acquitted(reference, other):
    found = judge(reference, box_of(other))
    assert (found.verdict, found.findings) == ("equivalent", ())


def test_512_is_not_513():
    assert judge(spec(512, 3, 2, 1), box_of(same)).verdict == "mismatch"


def test_notes_give_pads_shift_share_and_proof():
    (finding,) = judge(spec(224, 3, 2, 1), box_of(same)).findings
    assert finding.message == "extra pad is at the bottom/right: pads (0,1), expected (1,1)"
    assert finding.notes[:2] == (
        "pads: reference (1,1), observed (0,1)",
        "grid shift: (1, 1) input elements",
    )
    assert "of outputs wrong, interior" in finding.notes[2]
    assert finding.notes[3] == (
        "seen: the interior is right after a shift of the windows by (1, 1)"
    )
    assert finding.notes[4].startswith(
        "proven: PAD101 reproduces all 75264 outputs exactly, residual 0"
    )


def test_a_wrong_border_is_told_by_axis_and_end():
    reference = spec((9, 9), 3, 1, kind=POOL).with_pads([(0, 0), (1, 1)])

    def wrong_on_the_left(asked, probe):
        output = box_of(lambda s: s)(asked, probe)
        output[..., 0] = 0
        return output

    (finding,) = judge(reference, wrong_on_the_left).findings
    assert finding.code == "PAD999"
    assert finding.notes[0].endswith("at axis 1 before")


def test_rivals_are_told_apart_at_another_size():
    """(1, 1) with one end lost and SAME are one op at 224, and differ at odd sizes."""
    (finding,) = judge(spec(224, 3, 2, 1), box_of(same)).findings
    assert finding.proof.separated_at == "conv(n=3x3, k=3x3, s=2x2, pads=(1,1)x(1,1))"


def test_rivals_that_no_size_can_be_run_to_separate_are_named():
    reference = spec(8, 2, 2, 1)  # SAME adds nothing at even sizes
    honest = box_of(same)

    def fixed(asked, probe):
        if asked.input_size != reference.input_size:
            raise FrameworkError("this box has one input size")
        return honest(asked, probe)

    (finding,) = judge(reference, fixed).findings
    assert (finding.code, finding.proof.status) == ("PAD104", "ambiguous")
    assert finding.proof.rivals == ("PAD110",)
    assert finding.proof.separable_at == "conv(n=3x3, k=2x2, s=2x2, pads=(1,1)x(1,1))"
    (proven,) = judge(reference, honest).findings
    assert (proven.code, proven.proof.status) == ("PAD110", "proven")


def test_a_box_that_changes_its_ways_with_the_size_is_not_proven():
    reference = spec(8, 3, 2, 1)

    def fickle(asked):
        return same(asked) if asked.input_size == (8, 8) else asked.with_pads([(4, 4)] * 2)

    (finding,) = judge(reference, box_of(fickle)).findings
    assert (finding.code, finding.proof.status) == ("PAD101", "ambiguous")
    assert finding.proof.contradicted_at is not None


def test_what_no_cause_explains_says_what_was_read():
    (finding,) = judge(spec(8, 4, 2, 1), box_of(pads((3, 0)))).findings
    assert (finding.code, finding.proof.status) == ("PAD999", "unexplained")
    assert "tap 0 of output (1, 1) reads a pad, expected input (1, 1)" in finding.notes


def test_a_wrong_weight_is_no_matter_of_padding():
    def flipped(asked, probe):
        turned = type(probe)(probe.x, probe.weight[:, ::-1], None, "flipped")
        return box_of(lambda s: s)(asked, turned if probe.weight.shape[1] > 1 else probe)

    (finding,) = judge(spec(8, 3, 1, 1), flipped).findings
    assert finding.code == "PAD999"
    assert "every tap reads the right input: not a matter of padding" in finding.notes


def test_a_box_that_breaks_its_own_rule_is_a_diverging_framework():
    reference = spec(20, 3, 2, 1)
    codes = [f.code for f in judge(reference, box_of(same), predict=lambda s: s).findings]
    assert codes == ["PAD101", "PAD998"]
    innocent = judge(reference, box_of(lambda s: s), predict=same)
    assert (innocent.verdict, innocent.findings[0].code) == ("equivalent", "PAD998")


def test_the_repro_of_a_diverging_framework_is_small():
    found = judge(spec(64, 3, 2, 1), box_of(lambda s: s), predict=same)
    assert found.findings[0].notes[0] == (
        "smallest repro: conv(n=4x4, k=3x3, s=2x2, pads=(1,1)x(1,1))"
    )


def test_a_box_that_fails_leaves_the_op_unverified():
    def broken(asked, probe):
        raise FrameworkError("torch 2.13.0: no")

    found = judge(spec(8, 3), broken)
    assert (found.verdict, found.reason) == ("unverified", "torch 2.13.0: no")


def test_a_spec_too_large_is_unverified():
    found = judge(spec(3, 3, pads=1 << 19), box_of(same))
    assert found.verdict == "unverified"
    assert "too large" in found.reason


def test_a_box_of_another_rank_is_a_mismatch_not_a_crash():
    found = judge(spec(8, 3), lambda asked, probe: np.zeros((1, 3, 6)))
    assert [finding.code for finding in found.findings] == ["PAD999"]
