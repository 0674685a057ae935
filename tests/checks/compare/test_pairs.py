"""Matched pairs: the target's op, isolated, held to the source's."""

from pathlib import Path

import pytest

import padcheck
from padcheck.checks.compare.pairs import PairJudge
from padcheck.checks.compare.values import compare_values
from padcheck.geometry import SAME_UPPER, Rounding, explicit
from padcheck.records import AxisSizes, OpKind, same_function
from tests.checks.compare.made import MadeNetwork, never_negative, site

CONV = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1, channels=(16, 32))
SAME = CONV.with_rule(SAME_UPPER)
MAX = padcheck.max_pool(input_size=(8, 8), kernel_size=3, stride=2, pads=1, channels=4)


def judged(source, target, **more):
    """One op against one; `more` is given to the target."""
    judge = PairJudge(MadeNetwork(site(source, "conv1")), MadeNetwork(site(target), **more))
    return judge.judge((0,), (0,))


def only(found):
    (finding,) = found.findings
    return finding


def test_the_flagship():
    found = judged(CONV, SAME)
    assert found.verdict == "mismatch"
    finding = only(found)
    assert (finding.code, finding.op, finding.lowering) == ("PAD101", "conv1", "target")
    assert (finding.proof.status, finding.proof.residual) == ("proven", 0)
    assert found.explained_by == CONV.with_pads([(0, 1), (0, 1)])
    assert found.judgement.mismatch.wrong
    assert [f.code for f in found.predicted.findings] == ["PAD101"]
    assert found.agrees_when == (AxisSizes(modulus=2, residues=(1,)),) * 2


def test_the_innocent():
    found = judged(CONV, CONV.replace(bias=True))
    assert (found.verdict, found.findings, found.explained_by) == ("equivalent", (), None)
    assert found.agrees_when == (AxisSizes(modulus=1, residues=(0,)),) * 2
    assert found.notes == ()


def test_the_size_decides():
    odd = CONV.resized((9, 9))
    assert judged(odd, SAME.resized((9, 9))).verdict == "equivalent"


def test_another_input_size_of_the_target_is_not_its_fault():
    found = judged(CONV, CONV.resized((5, 5)))
    assert found.verdict == "equivalent"


def test_keras_code_as_help():
    assert only(judged(CONV, SAME)).help.splitlines() == [
        "layers.ZeroPadding2D(((1, 1), (1, 1)))",
        'layers.Conv2D(32, 3, strides=2, padding="valid", use_bias=False)',
    ]
    assert "tf.pad" in only(judged(MAX, MAX.replace(pad_value=0.0), format="savedmodel")).help


def test_a_source_of_same_is_rebuilt_as_same():
    assert only(judged(SAME, CONV)).help == (
        'layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False)'
    )


def test_onnx_and_tflite_as_help():
    told = only(judged(CONV, SAME, format="onnx")).help
    assert told.startswith("# explicit pads, and no auto_pad\nhelper.make_node(")
    assert "pads=[1, 1, 1, 1]" in told
    upstream = only(judged(CONV, SAME, format="tflite")).help.splitlines()
    assert upstream[0] == "# in the Keras model that it is converted from; then convert again"
    assert upstream[1].startswith("layers.ZeroPadding2D")


def test_what_it_computes_is_measured_not_read():
    found = judged(CONV, CONV, computes={0: SAME})
    codes = {finding.code: finding for finding in found.findings}
    assert set(codes) == {"PAD101", "PAD998"}
    assert found.explained_by == CONV.with_pads([(0, 1), (0, 1)])
    assert codes["PAD998"].notes[-1] == "madeup 1.0"
    assert found.predicted.verdict == "equivalent"


def test_right_against_its_own_rule_is_latent():
    found = judged(CONV, SAME, computes={0: CONV})
    assert found.verdict == "equivalent"
    finding = only(found)
    assert (finding.code, finding.latent) == ("PAD998", True)
    assert finding.notes[0].startswith("cannot show here")


def test_static_without_the_framework():
    found = judged(CONV, SAME, refuses=True)
    assert (found.verdict, found.judgement) == ("mismatch", None)
    assert only(found).code == "PAD101"
    assert found.notes == ("not measured: madeup: not installed",)
    assert found.explained_by == CONV.with_pads([(0, 1), (0, 1)])
    acquitted = judged(CONV, CONV, refuses=True)
    assert (acquitted.verdict, acquitted.judgement) == ("equivalent", None)


def test_unread_sites_are_unverified():
    judge = PairJudge(MadeNetwork(site(CONV)), MadeNetwork(site(None, "b", reason="no shape")))
    found = judge.judge((0,), (0,))
    assert (found.verdict, found.reason) == ("unverified", "target b: no shape")
    assert (found.source, found.target, found.predicted) == (CONV, None, None)


def test_equal_geometries_are_judged_once():
    wider = CONV.replace(channels=(64, 128))
    target = MadeNetwork(site(SAME), site(SAME.replace(channels=(64, 128)), "b"))
    judge = PairJudge(MadeNetwork(site(CONV), site(wider, "wider")), target)
    first, second = judge.judge((0,), (0,)), judge.judge((1,), (1,))
    assert set(target.isolated) == {0}
    assert [only(each).op for each in (first, second)] == ["conv1", "wider"]
    assert second.explained_by == wider.with_pads([(0, 1), (0, 1)])
    assert "Conv2D(128" in only(second).help


def test_other_nodes_are_other_boxes():
    target = MadeNetwork(site(SAME), site(SAME, "b", folded=("pad",)))
    judge = PairJudge(MadeNetwork(site(CONV), site(CONV, "c")), target)
    judge.judge((0,), (0,))
    judge.judge((1,), (1,))
    assert set(target.isolated) == {0, 1}


def test_a_lost_stride():
    found = judged(CONV, CONV.replace(stride=(1, 1)))
    assert [f.code for f in found.findings] == ["PAD903"]
    assert found.explained_by.stride == (1, 1)


def test_what_no_cause_explains_but_the_file_says():
    odd = CONV.with_pads([(4, 0), (0, 3)])
    found = judged(CONV, odd)
    finding = only(found)
    assert finding.code == "PAD999"
    assert found.explained_by == odd
    assert "which reproduces every output" in finding.notes[-1]
    assert finding.help.startswith("layers.ZeroPadding2D")


@pytest.mark.parametrize("group", [4, 16])
def test_grouped_and_depthwise(group):
    spec = CONV.replace(group=group, channels=(16, 32))
    found = judged(spec, SAME.replace(group=group))
    assert (only(found).code, found.explained_by.group) == ("PAD101", group)


def test_one_channel_as_depthwise():
    dense, depthwise = CONV.replace(channels=(1, 8)), CONV.replace(channels=(1, 8), group=1)
    assert judged(dense, depthwise).verdict == "equivalent"


def test_a_group_written_into_the_weight_is_a_matter_of_values():
    assert judged(CONV.replace(group=4), CONV).verdict == "equivalent"
    assert only(judged(CONV.replace(group=4), SAME)).code == "PAD101"


class TestMaxPools:
    def test_zero_filled(self):
        found = judged(MAX, MAX.replace(pad_value=0.0))
        finding = only(found)
        assert (found.verdict, finding.code, finding.latent) == ("mismatch", "PAD201", False)
        assert found.explained_by == MAX.replace(pad_value=0.0)

    @pytest.mark.parametrize(("fill", "code"), [(0.0, "PAD201"), (-7.0, "PAD202")])
    @pytest.mark.parametrize("refuses", [False, True])
    def test_latent_behind_a_relu(self, fill, code, refuses):
        source = never_negative(MadeNetwork(site(MAX)))
        target = MadeNetwork(site(MAX.replace(pad_value=fill)), refuses=refuses)
        found = PairJudge(source, target).judge((0,), (0,))
        if refuses and code == "PAD202":  # a static verdict knows no clue of -7
            assert found.verdict == "mismatch"
            return
        finding = only(found)
        assert (found.verdict, finding.code, finding.latent) == ("equivalent", code, True)
        reason = "cannot show here: the input comes from Relu, which gives no negative number"
        assert finding.notes[0] == reason
        assert found.explained_by is None

    def test_the_other_way_round(self):
        source = never_negative(MadeNetwork(site(MAX.replace(pad_value=0.0))))
        found = PairJudge(source, MadeNetwork(site(MAX))).judge((0,), (0,))
        assert (found.verdict, only(found).latent) == ("equivalent", True)

    def test_a_positive_fill_shows(self):
        source = never_negative(MadeNetwork(site(MAX)))
        target = MadeNetwork(site(MAX.replace(pad_value=5.0)))
        found = PairJudge(source, target).judge((0,), (0,))
        assert (found.verdict, only(found).latent) == ("mismatch", False)

    def test_an_empty_window_shows(self):
        empty = MAX.replace(kernel_size=(1, 1), stride=(1, 1))
        source = never_negative(MadeNetwork(site(empty)))
        target = MadeNetwork(site(empty.replace(pad_value=0.0)))
        found = PairJudge(source, target).judge((0,), (0,))
        assert found.verdict == "mismatch"
        assert not any(finding.latent for finding in found.findings)

    def test_of_two_faults_the_one_that_cannot_show_is_latent(self):
        source = never_negative(MadeNetwork(site(MAX)))
        target = MadeNetwork(site(MAX.with_pads([(0, 1), (0, 1)]).replace(pad_value=0.0)))
        found = PairJudge(source, target).judge((0,), (0,))
        assert found.verdict == "mismatch"
        assert {f.code: f.latent for f in found.findings} == {"PAD101": False, "PAD201": True}

    def test_another_pool(self):
        average = MAX.replace(kind=OpKind.AVERAGE_POOL, pad_value=0.0)
        found = judged(average, MAX)
        finding = only(found)
        assert (found.verdict, finding.code) == ("mismatch", "PAD999")
        assert finding.message == "the op is a max pool, expected an average pool"
        assert found.explained_by == MAX

    def test_pools_of_one_tap_are_one_function(self):
        one = padcheck.max_pool(input_size=(8, 8), kernel_size=1, stride=2)
        average = one.replace(kind=OpKind.AVERAGE_POOL, pad_value=0.0)
        assert judged(average, one).verdict == "equivalent"


def test_counted_pads():
    average = padcheck.average_pool(input_size=(8, 8), kernel_size=3, stride=2, pads=1)
    found = judged(average, average.replace(count_include_pad=True))
    assert only(found).code == "PAD203"


@pytest.mark.parametrize("p", [1, 2, 3, 5])
def test_norms(p):
    norm = padcheck.lp_pool(input_size=(8, 8), kernel_size=2, stride=2, p=p)
    assert judged(norm, norm).verdict == "equivalent"


def test_another_norm():
    norm = padcheck.lp_pool(input_size=(8, 8), kernel_size=2, stride=2, p=2)
    assert [f.code for f in judged(norm, norm.replace(p=1)).findings] == ["PAD903"]
    assert judged(norm, norm.replace(p=5)).verdict == "mismatch"


class TestRanks:
    LINE = padcheck.conv(input_size=12, kernel_size=3, stride=2, pads=1, channels=(4, 6))
    FLAT = LINE.replace(
        input_size=(1, 12),
        kernel_size=(1, 3),
        stride=(1, 2),
        dilation=(1, 1),
        pads=(explicit(0, 0), explicit(1, 1)),
    )

    def test_a_line_as_a_plane(self):
        assert judged(self.LINE, self.FLAT).verdict == "equivalent"
        found = judged(self.LINE, self.FLAT.with_rule(SAME_UPPER))
        assert only(found).code == "PAD101"
        assert found.explained_by == self.LINE.with_pads([(0, 1)])
        assert found.target.rank == 1

    def test_a_plane_as_a_line(self):
        found = judged(self.FLAT, self.LINE.with_rule(SAME_UPPER))
        assert only(found).code == "PAD101"
        assert found.explained_by == self.FLAT.with_pads([(0, 0), (0, 1)])
        assert found.source.rank == 1

    def test_a_plane_that_is_none(self):
        found = judged(CONV, self.LINE)
        assert found.verdict == "unverified"
        assert "has 1 spatial axes" in found.reason


class TestSplitGroups:
    GROUPED = CONV.replace(group=4)
    PART = CONV.replace(channels=(4, 8))
    NAMES = ("a", "b", "c", "d")

    def parts(self, *specs):
        return [site(spec, name) for spec, name in zip(specs, self.NAMES, strict=True)]

    def test_the_target_is_split(self):
        judge = PairJudge(
            MadeNetwork(site(self.GROUPED)), MadeNetwork(*self.parts(*[self.PART] * 4))
        )
        assert judge.judge((0,), (0, 1, 2, 3)).verdict == "equivalent"
        same = self.PART.with_rule(SAME_UPPER)
        judge = PairJudge(MadeNetwork(site(self.GROUPED)), MadeNetwork(*self.parts(*[same] * 4)))
        found = judge.judge((0,), (0, 1, 2, 3))
        assert only(found).code == "PAD101"
        assert found.explained_by == self.GROUPED.with_pads([(0, 1), (0, 1)])
        assert found.source == self.GROUPED

    def test_one_part_is_wrong(self):
        same = self.PART.with_rule(SAME_UPPER)
        target = MadeNetwork(*self.parts(self.PART, self.PART, same, self.PART))
        found = PairJudge(MadeNetwork(site(self.GROUPED)), target).judge((0,), (0, 1, 2, 3))
        assert (found.verdict, found.explained_by) == ("mismatch", None)
        assert found.notes == ("mismatch in 1 of 4 parts: c",)
        assert found.target == same

    def test_the_source_is_split(self):
        source = MadeNetwork(*self.parts(*[self.PART] * 4))
        found = PairJudge(source, MadeNetwork(site(self.GROUPED.with_rule(SAME_UPPER)))).judge(
            (0, 1, 2, 3), (0,)
        )
        assert only(found).code == "PAD101"
        assert found.explained_by == self.PART.with_pads([(0, 1), (0, 1)])
        assert found.source == self.PART

    def test_what_does_not_divide(self):
        source = MadeNetwork(site(self.GROUPED))
        judge = PairJudge(source, MadeNetwork(*self.parts(*[self.PART] * 4)))
        found = judge.judge((0,), (0, 1, 2))
        assert found.verdict == "unverified"
        assert "has no 3 equal groups" in found.reason


def test_transposed():
    spec = padcheck.conv_transpose(
        input_size=(8, 8), kernel_size=3, stride=2, pads=1, output_padding=1, channels=(4, 6)
    )
    assert judged(spec, spec.with_pads([(1, 0), (1, 0)])).verdict == "equivalent"
    found = judged(spec, spec.with_rule(SAME_UPPER))
    assert only(found).code == "PAD401"
    assert found.explained_by.resolved_pads == ((0, 1), (0, 1))


def test_kinds_that_may_be_one_are_not_compared():
    flat = padcheck.conv_transpose(input_size=(8, 8), kernel_size=3, pads=1, channels=(4, 4))
    conv = padcheck.conv(input_size=(8, 8), kernel_size=3, pads=1, channels=(4, 4))
    assert judged(flat, conv).verdict == "unverified"
    found = judged(MAX, conv)
    assert found.reason == "not compared: a convolution in place of a max pool"


def test_another_window_is_told_without_a_run():
    found = judged(CONV, CONV.replace(kernel_size=(5, 5)))
    assert found.verdict == "mismatch"
    assert only(found).message == "kernel_size is 5x5, expected 3x3"
    stuffed = CONV.replace(kernel_size=(2, 2), dilation=(2, 2))
    assert judged(stuffed, CONV).verdict == "unverified"


def test_open_sizes_are_judged_at_every_residue():
    odd, same = CONV.resized((9, 9)), SAME.resized((9, 9))
    open_ = site(odd, "conv1", dynamic=(True, True))
    judge = PairJudge(MadeNetwork(open_), MadeNetwork(site(same, dynamic=(True, True))))
    found = judge.judge((0,), (0,))
    assert (found.verdict, only(found).code) == ("mismatch", "PAD101")
    valid = padcheck.conv(input_size=(9, 9), kernel_size=2, stride=2)
    judge = PairJudge(
        MadeNetwork(site(valid, dynamic=(True, True))),
        MadeNetwork(site(valid.with_rule(SAME_UPPER), dynamic=(True, True))),
    )
    assert judge.judge((0,), (0,)).verdict == "mismatch"


def test_large_inputs_are_measured_small():
    large = CONV.resized((3000, 3000))
    found = judged(large, SAME.resized((3000, 3000)))
    assert only(found).code == "PAD101"
    assert found.notes == ("measured at 64x64, which has the same residues",)
    assert found.explained_by == large.with_pads([(0, 1), (0, 1)])


def test_partial_windows():
    ceil = padcheck.max_pool(input_size=(9, 9), kernel_size=2, stride=2, ceil_mode=True)
    found = judged(ceil, ceil.replace(rounding=Rounding.FLOOR))
    assert only(found).code == "PAD301"
    assert same_function(found.explained_by, ceil.replace(rounding=Rounding.FLOOR))


def test_torch_against_tensorflow_as_they_are():
    import tensorflow as tf

    def box(x, weight):
        kernel = weight.transpose(2, 3, 1, 0)
        return (
            tf.nn.conv2d(x.transpose(0, 2, 3, 1), kernel, 2, "SAME").numpy().transpose(0, 3, 1, 2)
        )

    found = judged(CONV, SAME, computes={0: box})
    assert (only(found).code, found.judgement.mismatch.max_abs_diff > 0) == ("PAD101", True)
    assert judged(SAME, SAME, computes={0: box}).verdict == "equivalent"


class TestFiles:
    """The thin fixtures, where every site of the source stands for one of the target."""

    FIXTURES = Path(__file__).parents[3] / "fixtures"

    def judged(self, target):
        from padcheck.frameworks.litert.network import open_network as open_tflite
        from padcheck.frameworks.onnx.network import open_network as open_onnx
        from padcheck.matching import match

        source = open_onnx(str(self.FIXTURES / "resnet_thin.onnx"))
        other = open_tflite(str(self.FIXTURES / target))
        judge = PairJudge(source, other)
        pairs = match(source, other).pairs
        assert len(pairs) == len(source.sites)
        values = [compare_values(source, other, pair.sources, pair.targets) for pair in pairs]
        assert all(each.equal and each.verdict == "equivalent" for each in values)
        return [judge.judge(pair.sources, pair.targets) for pair in pairs]

    def test_same(self):
        found = self.judged("resnet_thin_same.tflite")
        guilty = [each for each in found if each.verdict == "mismatch"]
        assert [[f.code for f in each.findings] for each in guilty] == [["PAD101"]] * 5
        assert all(each.judgement is not None for each in found)

    def test_right(self):
        found = self.judged("resnet_thin_right.tflite")
        assert {each.verdict for each in found} == {"equivalent"}
        (pool,) = [each for each in found if each.findings]
        assert [(f.code, f.latent) for f in pool.findings] == [("PAD201", True)]
