"""Weights, offsets and clips of a matched pair, as the files hold them."""

import math

import numpy as np
import pytest

import padcheck
from padcheck.checks.compare.values import compare_values
from padcheck.errors import FrameworkError, ModelError
from padcheck.geometry import explicit
from padcheck.oracle import evaluate
from padcheck.records import Change, Quantization
from tests.checks.compare.made import MadeNetwork, place, site, with_values

SPEC = padcheck.conv(input_size=(8, 8), kernel_size=3, pads=1, channels=(6, 8), bias=True)
RANDOM = np.random.default_rng(7)


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


WEIGHT = normal(8, 6, 3, 3)
OFFSET = normal(8).astype(np.float64)
GAMMA, BETA, MEAN = (normal(8) for _ in range(3))
VARIANCE = np.exp(normal(8)).astype(np.float32)


def compared(source, target, spec=SPEC, target_spec=None):
    """Two places; the target's op is the source's unless another is given."""
    one = MadeNetwork(site(spec), places=(source,))
    other = MadeNetwork(site(target_spec or spec, "b"), places=(target,))
    return compare_values(one, other, (0,), (0,))


def only(found):
    (finding,) = found.findings
    return finding


def batch_norm(epsilon):
    """(scale, offset) of a batch normalization, in float64, of a biased op."""
    scale = GAMMA / np.sqrt(VARIANCE.astype(np.float64) + epsilon)
    return scale, BETA + (OFFSET - MEAN) * scale


def folded(epsilon=1e-5):
    """What a converter stores: everything in float32."""
    scale = GAMMA / np.sqrt(VARIANCE + np.float32(epsilon))
    weight = WEIGHT * scale[:, None, None, None]
    offset = BETA + (OFFSET.astype(np.float32) - MEAN) * scale
    return weight, offset.astype(np.float64)


def unfolded(epsilon=1e-5, **more):
    scale, offset = batch_norm(epsilon)
    return with_values(WEIGHT, scale=scale, offset=offset, nodes=("bn",), **more)


class TestEqual:
    def test_the_same(self):
        found = compared(with_values(WEIGHT, offset=OFFSET), with_values(WEIGHT, offset=OFFSET))
        assert (found.verdict, found.equal, found.findings, found.notes) == (
            "equivalent",
            True,
            (),
            (),
        )

    def test_a_folded_normalization(self):
        weight, offset = folded()
        assert compared(unfolded(), with_values(weight, offset=offset)).equal
        assert compared(with_values(weight, offset=offset), unfolded()).equal

    @pytest.mark.parametrize("size", [1e-21, 1e-12, 1e12])
    def test_at_any_scale(self, size):
        weight = WEIGHT * np.float32(size)
        source = with_values(weight, offset=OFFSET * size)
        assert compared(source, with_values(weight * np.float32(1 + 2**-22))).findings
        near = with_values(weight * np.float32(1 + 2**-23), offset=OFFSET * size)
        assert compared(source, near).equal
        far = weight.copy()
        far[3, 2, 1, 1] += np.float32(1e-4 * size)
        assert only(compared(source, with_values(far, offset=OFFSET * size))).code == "PAD999"

    def test_float16(self):
        weight, offset = (a.astype(np.float16).astype(np.float32) for a in (WEIGHT, OFFSET))
        found = compared(with_values(WEIGHT, offset=OFFSET), with_values(weight, offset=offset))
        assert (found.equal, found.notes) == (True, ("weights rounded to float16",))
        back = compared(with_values(weight, offset=offset), with_values(WEIGHT, offset=OFFSET))
        assert not back.equal  # nothing rounds that way

    def test_int8_per_channel(self):
        step = np.abs(WEIGHT).max(axis=(1, 2, 3)) / 127
        shaped = step[:, None, None, None]
        weight = np.rint(WEIGHT / shaped).astype(np.int8) * shaped
        found = compared(with_values(WEIGHT), with_values(weight, step=step))
        assert (found.equal, found.notes) == (
            True,
            ("weights rounded to integers, within half a step",),
        )
        off = weight + shaped * (np.arange(weight.size).reshape(weight.shape) == 100)
        assert only(compared(with_values(WEIGHT), with_values(off, step=step))).code == "PAD999"

    def test_int8_bias_behind_a_step_of_the_output(self):
        step = np.full(8, 0.02)
        weight = np.rint(WEIGHT / 0.02) * 0.02
        rounded = Quantization(scale=0.1, zero_point=0, low=-128, high=127)
        near = with_values(weight, step=step, offset=OFFSET + 0.03, quantization=rounded)
        assert compared(with_values(WEIGHT, offset=OFFSET), near).equal
        lost = with_values(weight, step=step, quantization=rounded)
        found = compared(with_values(WEIGHT, offset=OFFSET), lost)
        assert only(found).message == "bias is lost"

    def test_pools_have_none(self):
        pool = padcheck.max_pool(input_size=(8, 8), kernel_size=2)
        assert compared(with_values(), with_values(), pool).equal


class TestBias:
    @pytest.mark.parametrize(
        ("factor", "message"),
        [
            (0, "bias is lost"),
            (2, "bias is added twice"),
            (-1, "bias is subtracted"),
            (0.5, "bias is multiplied by 0.5"),
        ],
    )
    def test_a_factor(self, factor, message):
        target = with_values(WEIGHT, offset=factor * OFFSET if factor else None)
        found = compared(with_values(WEIGHT, offset=OFFSET), target)
        finding = only(found)
        assert (finding.code, finding.message, finding.op) == ("PAD904", message, "conv1")
        assert (finding.lowering, finding.proof.status) == ("target", "proven")
        assert finding.help == "add the reference's bias, once"
        assert found.differing == {"offset"}

    def test_constants(self):
        more = OFFSET.copy()
        more[:2] += 0.5
        source = with_values(WEIGHT, offset=OFFSET)
        finding = only(compared(source, with_values(WEIGHT, offset=more)))
        assert finding.message == "2 of 8 channels are off by a constant of its own: 0.5, 0.5"

    def test_cancelled_terms_are_rounding(self):
        """A mean of 0.1 under an offset of 0.006, as a stem has it."""
        mean = OFFSET * 0 + 0.1
        rounded = (mean + OFFSET / 100).astype(np.float32) - mean.astype(np.float32)
        source = with_values(WEIGHT, offset=(mean + OFFSET / 100) - mean)
        assert np.abs(rounded - OFFSET / 100).max() > 2**-23 * np.abs(OFFSET / 100).max()
        assert compared(source, with_values(WEIGHT, offset=rounded.astype(np.float64))).equal

    def test_constants_that_are_small_beside_the_offsets_are_supposed(self):
        source = with_values(WEIGHT, offset=OFFSET)
        found = compared(source, with_values(WEIGHT, offset=OFFSET + 1e-3 * OFFSET[::-1] / 2))
        assert (only(found).code, found.supposed, found.equal) == ("PAD904", True, False)

    def test_lost_beside_other_weights(self):
        found = compared(with_values(WEIGHT, offset=OFFSET), with_values(normal(8, 6, 3, 3)))
        assert [each.code for each in found.findings] == ["PAD999", "PAD904"]

    def test_a_bias_of_other_weights_is_not_told(self):
        other = with_values(normal(8, 6, 3, 3), offset=OFFSET[::-1])
        assert only(compared(with_values(WEIGHT, offset=OFFSET), other)).code == "PAD999"


class TestFactors:
    @pytest.mark.parametrize(("one", "other"), [(1e-5, 1e-3), (1e-3, 1e-5)])
    def test_another_epsilon(self, one, other):
        weight, offset = folded(other)
        found = compared(unfolded(one), with_values(weight, offset=offset))
        finding = only(found)
        assert (finding.code, finding.proof.status) == ("PAD905", "proven")
        side = "below" if other > one else "above"
        assert finding.message.startswith(
            f"weights are scaled by a constant per output channel, all {side} 1: "
        )
        told = f"epsilon {other:g} in place of {one:g} would do that, at variances of "
        (note,) = [note for note in finding.notes if note.startswith(told)]
        low, high = (float(text) for text in note[len(told) :].split(" to "))
        assert low == pytest.approx(VARIANCE.min(), rel=0.02)
        assert high == pytest.approx(VARIANCE.max(), rel=0.02)

    def test_variances_of_one_tell_the_epsilons(self):
        scales = [np.full(8, (1 + epsilon) ** -0.5) for epsilon in (1e-5, 1e-3)]
        places = [with_values(WEIGHT, scale=scale) for scale in scales]
        message = only(compared(*places)).message
        assert message == "normalization has epsilon 0.001, expected 1e-05"

    def test_a_scale_that_is_lost(self):
        finding = only(compared(with_values(WEIGHT, scale=np.exp(OFFSET)), with_values(WEIGHT)))
        assert finding.code == "PAD999"
        assert finding.message.startswith("weights are scaled by a constant per output channel: ")

    def test_a_channel_that_is_not_scaled_and_loses_its_bias(self):
        scale = np.full(8, 0.99)
        scale[0] = 1
        lost = OFFSET * scale
        lost[0] = 0
        target = with_values(WEIGHT, scale=scale, offset=lost)
        found = compared(with_values(WEIGHT, offset=OFFSET), target)
        assert [each.code for each in found.findings] == ["PAD905", "PAD904"]
        assert found.findings[1].message.startswith("1 of 8 channels")


MOVED = {
    "the weight's spatial axes in reverse order": lambda w: w.swapaxes(2, 3),
    "the weight's input and output channels exchanged": lambda w: w.swapaxes(0, 1),
    "the weight's buffer read with its spatial axes first": lambda w: np.moveaxis(
        w.reshape(3, 3, 8, 8), (-1, -2), (0, 1)
    ),
    "the weight's buffer with its spatial axes first read as (O, I, ...)": lambda w: w.transpose(
        2, 3, 1, 0
    ).reshape(8, 8, 3, 3),
    "the input channels are in another order": lambda w: w[:, ::-1],
    "the output channels are in another order": lambda w: w[[3, 1, 2, 0, 7, 6, 5, 4]],
}


class TestOrder:
    @pytest.mark.parametrize(
        ("axes", "told"), [((2, 3), "axes 0 and 1"), ((3,), "axis 1"), ((2,), "axis 0")]
    )
    def test_flipped(self, axes, told):
        finding = only(compared(with_values(WEIGHT), with_values(np.flip(WEIGHT, axes))))
        assert (finding.code, finding.message) == ("PAD902", f"kernel is flipped along {told}")
        assert finding.notes[0].startswith("proven: PAD902 makes all 432 weights those of the")

    def test_flipped_behind_a_normalization(self):
        weight, offset = folded()
        target = with_values(weight[:, :, ::-1, ::-1], offset=offset)
        assert only(compared(unfolded(), target)).code == "PAD902"

    @pytest.mark.parametrize("words", MOVED)
    def test_layouts(self, words):
        square = SPEC.replace(channels=(8, 8))
        weight = normal(8, 8, 3, 3)
        moved = with_values(MOVED[words](weight))
        finding = only(compared(with_values(weight), moved, square))
        assert (finding.code, finding.message) == ("PAD901", f"layout: {words}")
        assert (finding.proof.status, finding.proof.rivals) == ("proven", ())

    def test_the_bias_moves_with_its_channel(self):
        order = [3, 1, 2, 0, 7, 6, 5, 4]
        source = with_values(WEIGHT, offset=OFFSET)
        moved = with_values(WEIGHT[order], offset=OFFSET[order])
        assert only(compared(source, moved)).code == "PAD901"
        stayed = with_values(WEIGHT[order], offset=OFFSET)
        codes = [each.code for each in compared(source, stayed).findings]
        assert codes == ["PAD901", "PAD904"]

    def test_rivals_are_named(self):
        line = SPEC.replace(channels=(2, 1), bias=False)
        weight = np.zeros((1, 2, 3, 3), np.float32)
        weight[0, 0], weight[0, 1] = [[1, 2, 3]] * 3, [[3, 2, 1]] * 3
        finding = only(compared(with_values(weight), with_values(weight[..., ::-1]), line))
        assert (finding.proof.status, finding.proof.rivals) == ("ambiguous", ("PAD901",))

    def test_a_depthwise_multiplier(self):
        spec = SPEC.replace(channels=(4, 8), group=4, bias=False)
        weight = normal(8, 1, 3, 3)
        moved = weight.reshape(2, 4, 1, 3, 3).swapaxes(0, 1).reshape(8, 1, 3, 3)
        finding = only(compared(with_values(weight), with_values(moved), spec))
        assert finding.message == "layout: a depthwise weight's multiplier ahead of its channels"


class TestOthers:
    def test_one_number(self):
        other = WEIGHT.copy()
        other[5, 0, 0, 0] += 0.25
        finding = only(compared(with_values(WEIGHT), with_values(other)))
        assert (finding.code, finding.proof.status) == ("PAD999", "unexplained")
        assert finding.proof.residual == pytest.approx(0.25, rel=1e-5)
        assert finding.notes[0] == "1 of 8 output channels differ"
        assert finding.notes[1].startswith("output channel 5: off by 0.25, ")

    def test_another_shape(self):
        other = with_values(normal(8, 6, 5, 5))
        found = compared(with_values(WEIGHT), other, target_spec=SPEC.replace(kernel_size=(5, 5)))
        assert only(found).message == (
            "weight has shape (8, 6, 5, 5), expected (8, 6, 3, 3) (O, I/group, ...)"
        )

    def test_infinities(self):
        bad = WEIGHT.copy()
        bad[0, 0, 0, 0] = np.nan
        assert compared(with_values(bad), with_values(bad)).equal
        assert only(compared(with_values(WEIGHT), with_values(bad))).code == "PAD999"

    def test_what_is_no_constant_is_unverified(self):
        found = compared(with_values(WEIGHT), place("b"))
        assert (found.verdict, found.reason) == (
            "unverified",
            "target b: its weight is no constant",
        )
        assert found.notes == ("numbers not compared: target b: its weight is no constant",)

    def test_what_cannot_be_read_is_unverified(self):
        def broken():
            raise ModelError("truncated", where="m.onnx")

        found = compared(with_values(WEIGHT), place("b", values=broken))
        assert (found.verdict, found.reason) == ("unverified", "m.onnx: truncated")


class TestClips:
    def test_other_bounds(self):
        found = compared(with_values(WEIGHT, clip=(0, 6)), with_values(WEIGHT, clip=(0, math.inf)))
        finding = only(found)
        assert (finding.code, found.supposed, found.equal) == ("PAD906", False, False)
        assert finding.message == "output is at least 0, expected within 0 and 6"

    def test_one_side_alone_is_supposed(self):
        found = compared(with_values(WEIGHT, clip=(0, 6)), with_values(WEIGHT))
        assert (only(found).message, found.supposed) == (
            "output is not clipped, expected within 0 and 6",
            True,
        )
        beside = compared(with_values(WEIGHT, clip=(0, 6), offset=OFFSET), with_values(WEIGHT))
        assert (only(beside).code, beside.supposed, beside.differing) == (
            "PAD904",
            False,
            {"offset"},
        )
        assert beside.notes[0].startswith("output is not clipped")

    def test_what_is_no_clip(self):
        unbounded = with_values(WEIGHT, clip=(-math.inf, math.inf))
        assert compared(with_values(WEIGHT), unbounded).equal

    def test_integers_clip_as_well(self):
        up_to_six = Quantization(scale=6 / 255, zero_point=-128, low=-128, high=127)
        target = with_values(WEIGHT, quantization=up_to_six)
        assert compared(with_values(WEIGHT, clip=(0, 6)), target).equal
        wide = Quantization(scale=0.1, zero_point=0, low=-128, high=127)
        target = with_values(WEIGHT, quantization=wide)
        assert compared(with_values(WEIGHT, clip=(0, 6)), target).supposed

    def test_pools_may_clip(self):
        pool = padcheck.max_pool(input_size=(8, 8), kernel_size=2)
        found = compared(with_values(clip=(0, 6)), with_values(clip=(0, 1)), pool)
        assert only(found).code == "PAD906"


LINE = padcheck.conv(input_size=12, kernel_size=3, channels=(4, 6))
FLAT = LINE.replace(
    input_size=(1, 12),
    kernel_size=(1, 3),
    stride=(1, 1),
    dilation=(1, 1),
    pads=(explicit(0, 0), explicit(0, 0)),
)


class TestShapes:
    def test_a_line_as_a_plane(self):
        weight = normal(6, 4, 3)
        flat = with_values(weight[:, :, None])
        assert compared(with_values(weight), flat, LINE, FLAT).equal
        assert compared(flat, with_values(weight), FLAT, LINE).equal

    def test_a_transposed_one(self):
        spec = padcheck.conv_transpose(
            input_size=(4, 4), kernel_size=3, channels=(4, 6), group=2, stride=2
        )
        weight, scale = normal(4, 3, 3, 3), np.exp(normal(6).astype(np.float64))
        by_group = weight.reshape(2, 2, 3, 3, 3) * scale.reshape(2, 1, 3, 1, 1)
        folded = with_values(by_group.reshape(4, 3, 3, 3).astype(np.float32))
        assert compared(with_values(weight, scale=scale), folded, spec).equal
        assert only(compared(with_values(weight), folded, spec)).code == "PAD999"

    def test_a_group_written_out(self):
        grouped = SPEC.replace(group=2, channels=(6, 8))
        weight = normal(8, 3, 3, 3)
        whole = np.zeros((8, 6, 3, 3), np.float32)
        whole[:4, :3], whole[4:, 3:] = weight[:4], weight[4:]
        assert compared(with_values(weight), with_values(whole), grouped, SPEC).equal
        whole[0, 5] = 1
        assert not compared(with_values(weight), with_values(whole), grouped, SPEC).equal


def split(*places):
    specs = [SPEC.replace(channels=(3, 4))] * len(places)
    return MadeNetwork(*(site(spec, "ab"[at]) for at, spec in enumerate(specs)), places=places)


class TestSplitGroups:
    SPEC = SPEC.replace(group=2, channels=(6, 8))
    WEIGHT = normal(8, 3, 3, 3)

    def whole(self, offset=OFFSET):
        return MadeNetwork(site(self.SPEC), places=(with_values(self.WEIGHT, offset=offset),))

    def parts(self):
        halves = zip(np.split(self.WEIGHT, 2), np.split(OFFSET, 2), strict=True)
        return [with_values(weight, offset=offset) for weight, offset in halves]

    def test_equal(self):
        assert compare_values(self.whole(), split(*self.parts()), (0,), (0, 1)).equal
        assert compare_values(split(*self.parts()), self.whole(), (0, 1), (0,)).equal

    def test_exchanged(self):
        found = compare_values(self.whole(), split(*self.parts()[::-1]), (0,), (0, 1))
        assert only(found).message == "layout: the output channels are in another order"

    def test_applied_to_each_part(self):
        found = compare_values(split(*self.parts()), self.whole(2 * OFFSET), (0, 1), (0,))
        own = Change(spec=SPEC.replace(channels=(3, 4)), weight=self.WEIGHT[:4])
        made = [found.applied(own, part) for part in (0, 1)]
        assert np.array_equal(np.concatenate([each.offset for each in made]), 2 * OFFSET)
        assert made[1].weight is own.weight


class TestApplied:
    OWN = Change(spec=SPEC, weight=WEIGHT, offset=OFFSET, clip=(0, 6))

    def test_only_what_differs(self):
        source = with_values(WEIGHT, offset=OFFSET, clip=(0, 6))
        made = compared(source, with_values(WEIGHT, clip=(0, 6))).applied(self.OWN)
        assert not made.offset.any()
        assert (made.weight is WEIGHT, made.clip) == (True, (0, 6))

    def test_the_clip(self):
        source = with_values(WEIGHT, clip=(0, 6))
        found = compared(source, with_values(WEIGHT, clip=(0, math.inf)))
        made = found.applied(self.OWN)
        assert (made.clip, made.weight is WEIGHT, made.offset is OFFSET) == (
            (0, math.inf),
            True,
            True,
        )

    def test_the_target_computes_it(self):
        weight, offset = folded(1e-3)
        found = compared(unfolded(1e-5), with_values(weight[:, ::-1], offset=offset))
        made = found.applied(self.OWN)
        x = normal(1, 6, 8, 8)
        plain = SPEC.replace(bias=False)
        one, other = (evaluate(plain, x, w).values for w in (made.weight, weight[:, ::-1]))
        assert np.array_equal(one, other)
        assert np.array_equal(made.offset, offset)

    def test_in_the_shape_of_the_source(self):
        weight = normal(6, 4, 3)
        own = Change(spec=FLAT, weight=weight[:, :, None])
        found = compared(with_values(weight[:, :, None]), with_values(-weight), FLAT, LINE)
        assert np.array_equal(found.applied(own).weight, -weight[:, :, None])

    def test_a_transposed_one(self):
        spec = padcheck.conv_transpose(
            input_size=(4, 4), kernel_size=3, channels=(4, 6), group=2, stride=2
        )
        one, other = normal(4, 3, 3, 3), normal(4, 3, 3, 3)
        found = compared(with_values(one), with_values(other), spec)
        assert np.array_equal(found.applied(Change(spec=spec, weight=one)).weight, other)

    def test_what_the_source_cannot_hold(self):
        grouped = SPEC.replace(group=2, channels=(6, 8))
        found = compared(with_values(normal(8, 3, 3, 3)), with_values(WEIGHT), grouped, SPEC)
        with pytest.raises(FrameworkError, match="conv1 cannot hold the target's numbers"):
            found.applied(Change(spec=grouped))


class TestFoldedTwice:
    """Two files that were each saved with a normalization folded in, in another order."""

    def test_a_few_last_digits_are_rounding(self):
        for units, verdict in ((7, "equivalent"), (12, "mismatch")):
            moved = WEIGHT.astype(np.float64)
            moved[3, 2, 1, 1] += units * 2.0**-24 * np.abs(WEIGHT[3]).max()
            found = compared(with_values(WEIGHT), with_values(moved.astype(np.float32)))
            assert found.verdict == verdict

    def test_a_factor_below_what_rounding_does_is_told_all_the_same(self):
        moved = WEIGHT * np.float32(1 - 2.0**-22)
        top = np.unravel_index(np.abs(WEIGHT).argmax(), WEIGHT.shape)
        moved[top] = WEIGHT[top] * np.float32(1 - 10 * 2.0**-24)
        found = compared(with_values(WEIGHT), with_values(moved))
        assert found.verdict == "mismatch"
        assert only(found).message
