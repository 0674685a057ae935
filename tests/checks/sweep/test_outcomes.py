"""Sweeps of every op: predicted from the dialects, measured in the frameworks, told apart."""

import itertools
import json

import jsonschema
import numpy as np
import pytest

from padcheck.checks import sweep as module
from padcheck.checks.sweep import DEFAULT, grid_of, sweep
from padcheck.checks.sweep.grid import OPS
from padcheck.checks.sweep.rigs import InProcess
from padcheck.checks.sweep.rules import framework_of, plan_of, plan_of_conv
from padcheck.errors import UsageError
from padcheck.oracle import evaluate
from padcheck.records.sweep import LEFT_OUT, LETTERS, NOT_RUN
from padcheck.report.sweep_json import render_json
from tests.support import ROOT

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "sweep_schema.json").read_text())


def outcome(result, lowering, **point):
    """The outcome of the one geometry that has these values."""
    (found,) = [
        one["outcomes"][lowering] for one in result.points() if point.items() <= one.items()
    ]
    return found


@pytest.mark.parametrize(
    ("padding", "shares"), [("half", [0, 21, 38, 46]), ("half_up", [0, 43, 57, 64])]
)
def test_how_often_same_is_silently_wrong_by_stride(padding, shares):
    grid = grid_of(input_size="5..64", kernel_size="1..7", stride="1..4", padding=padding)
    (row,) = sweep(grid, lowerings=["tf_same"], static=True).lowerings
    size = grid.map_size
    silent = [row.outcomes[at : at + size].count("#") for at in range(0, len(grid), size)]
    assert [round(100 * count / size) for count in silent] == shares


def test_plain_convs_are_predicted_as_the_dialects_say():
    grid = grid_of(
        input_size="1..12",
        kernel_size="1..4",
        stride="1..5:2",
        dilation="1,2",
        padding="half,half_up,same_lower,valid,causal,0:1,-1,-2:3",
    )
    result = sweep(grid, static=True)
    for index, point in enumerate(grid.points()):
        spec = grid.spec(point)
        letters = {row.lowering: row.predicted[index] for row in result.lowerings}
        if 0 in spec.output_size:
            assert set(letters.values()) == {LEFT_OUT}
            continue
        for lowering, letter in letters.items():
            plan = plan_of(spec, lowering)
            assert letter == LETTERS[plan.predicted], (spec, lowering)
            assert plan_of_conv(spec, lowering) == plan
    assert set("".join(row.outcomes for row in result.lowerings)) == set(".#S ")


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convs_measured_in_this_process_do_what_was_predicted(rank):
    grid = grid_of(
        input_size="5..7",
        kernel_size="1..4",
        stride="1..5:2",
        dilation="1,2",
        padding="half,half_up,0:1,causal,-1",
        rank=rank,
    )
    result = sweep(grid)
    assert list(result.frameworks) == ["torch", "tensorflow"]
    for row in result.lowerings:
        assert row.measured == row.predicted == row.outcomes, row.lowering
        assert not row.reasons
    assert set(result.lowerings[1].outcomes) == set(".#S" + LEFT_OUT * bool(result.left_out))


@pytest.mark.parametrize("op", OPS)
def test_every_op_measured_in_workers_does_what_was_predicted(op):
    grid = grid_of(
        op=op, input_size="4..7", kernel_size="1..3", stride="1,2", padding="half,same,same_lower"
    )
    result = sweep(grid, lowerings=["onnxruntime", "tf_same", "tf_zeropad_valid", "torch"])
    for row in result.lowerings:
        assert row.measured == row.predicted == row.outcomes, row.lowering
    torch = result.counts["torch"]
    assert torch["agrees"] == result.judged == len(grid) - result.left_out
    assert set(result.frameworks) == {"onnx", "onnxruntime", "tensorflow", "torch"}


@pytest.mark.parametrize("rank", [1, 2])
def test_what_is_cut_out_of_one_evaluation_is_what_the_oracle_says(rank):
    grid = grid_of(
        input_size="1..7",
        kernel_size="1..4",
        stride="1..5",
        dilation="1,2",
        padding="half_up,same_lower,0:1,3,-1,0:-2,7:0",
        rank=rank,
    )
    rig = InProcess()
    for point in grid.points():
        spec = grid.spec(point)
        if min(spec.output_size) > 0:
            probe = rig.probe(spec, 1)
            found = rig.expected(spec, probe, 1).numerator
            assert np.array_equal(found, evaluate(spec, probe.x, probe.weight).numerator), spec


def test_workers_and_this_process_measure_the_same():
    grid = grid_of(input_size="5..9", kernel_size="1..4", stride="1..3", padding="half_up")
    here = {row.lowering: row for row in sweep(grid).lowerings}
    there = sweep(grid, lowerings=["tf_same", "torch"]).lowerings
    for row in there:
        assert row == here[row.lowering]


def test_zeros_are_no_padding_for_pools():
    grid = grid_of(op="max_pool", input_size=8, kernel_size=3, stride=2, padding=1)
    result = sweep(grid, static=True)
    assert {name: counts["silent"] for name, counts in result.counts.items()} == {
        "torch": 0,
        "tf_same": 1,
        "tf_zeropad_valid": 1,
    }


def test_the_flags_of_pools_reach_the_op():
    options = {"op": "average_pool", "input_size": 8, "kernel_size": 3, "stride": 2, "padding": 1}
    plain, counted = (
        sweep(grid_of(**options, count_include_pad=flag), static=True) for flag in (False, True)
    )
    assert plain.counts["tf_zeropad_valid"]["silent"] == 1
    assert counted.counts["tf_zeropad_valid"]["agrees"] == 1
    ceil = grid_of(op="max_pool", input_size=8, kernel_size=3, stride=2, padding=0, ceil_mode=True)
    assert sweep(ceil, static=True).counts["tf_same"]["agrees"] == 1


def test_a_framework_that_breaks_its_own_rule_diverges():
    # onnxruntime's MaxPool leaves dilation out of SAME [1.31.1]:
    # https://github.com/microsoft/onnxruntime/issues/20582
    grid = grid_of(op="max_pool", input_size=8, kernel_size=3, dilation="1,2", padding="same")
    result = sweep(grid, lowerings=["onnxruntime_auto_pad"])
    assert outcome(result, "onnxruntime_auto_pad", dilation=1)["outcome"] == "agrees"
    assert outcome(result, "onnxruntime_auto_pad", dilation=2) == {
        "outcome": "diverges",
        "predicted": "agrees",
        "measured": "shape",
    }
    assert (result.verdict, result.exit_code) == ("mismatch", 1)
    assert "PAD998 framework_diverges: onnxruntime_auto_pad" in str(result)
    assert "smallest: max_pool(n=8, k=3, d=2, pads=(2,2))" in str(result)


def test_a_dialect_without_words_leaves_the_geometry_unverified():
    grid = grid_of(op="max_pool", input_size=8, kernel_size=3, dilation=2, padding="same")
    for static in (True, False):
        result = sweep(grid, lowerings=["tf_same"], static=static)
        assert outcome(result, "tf_same") == {
            "outcome": "unverified",
            "predicted": "unverified",
            "measured": None,
            "reason": "tf.nn.pool has no dilation with SAME",
        }
        assert (result.verdict, result.exit_code, result.ok) == ("unverified", 3, False)


def test_a_framework_that_raises_where_its_rule_gives_an_output_diverges():
    # onnxruntime refuses the negative total of SAME [1.31.1]
    grid = grid_of(op="max_pool", input_size="5..8", kernel_size="1,2", stride=2, padding="same")
    result = sweep(grid, lowerings=["onnxruntime_auto_pad"])
    found = outcome(result, "onnxruntime_auto_pad", input_size=6, kernel_size=1)
    assert (found["outcome"], found["predicted"]) == ("diverges", "agrees")
    assert found["measured"] is None
    assert found["reason"].startswith("raises: onnxruntime 1.31.1: ")
    assert "padding values must be non-negative" in found["reason"]
    assert result.counts["onnxruntime_auto_pad"]["diverges"] == 2
    assert (result.verdict, result.exit_code) == ("mismatch", 1)
    text = " ".join(str(result).split())
    assert (
        "PAD998 framework_diverges: onnxruntime_auto_pad raises where its own rule gives an output "
        "at 2 geometries; smallest: max_pool(n=6, k=1, s=2, pads=(0,0)), predicted the right "
        "numbers, raises: onnxruntime 1.31.1: "
    ) in text
    assert "could not be run" not in text


def test_every_way_to_diverge_has_its_smallest_geometry():
    grid = grid_of(
        op="max_pool", input_size=6, kernel_size="1,3", stride=2, dilation="1,2", padding="same"
    )
    text = " ".join(str(sweep(grid, lowerings=["onnxruntime_auto_pad"])).split())
    for words in (
        "does not do what its own rule says at 1 geometry; smallest: "
        "max_pool(n=6, k=3, s=2, d=2, pads=(1,2)), predicted the right numbers, measured another",
        "raises where its own rule gives an output at 1 geometry; smallest: "
        "max_pool(n=6, k=1, s=2, pads=(0,0)), predicted the right numbers, raises: ",
    ):
        assert text.count(f"PAD998 framework_diverges: onnxruntime_auto_pad {words}") == 1


def test_what_is_too_large_to_run_is_told():
    grid = grid_of(input_size="300,301", kernel_size=3, stride=2, rank=3)
    result = sweep(grid)
    silent = outcome(result, "tf_same", input_size=300)
    assert (silent["outcome"], silent["measured"]) == ("silent", None)
    equal = outcome(result, "tf_same", input_size=301)
    assert (equal["outcome"], equal["predicted"]) == ("unverified", "agrees")
    assert equal["reason"].startswith("too large to be run: conv(n=301x301x301")


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 1 << 20, "padding": 1 << 20},
        {"op": "conv_transpose", "stride": 1 << 20, "padding": f"0:{1 << 20}"},
    ],
)
def test_room_that_is_only_needed_on_the_way_is_bounded_too(options):
    grid = grid_of(input_size=2, kernel_size=3, rank=3, **options)
    found = outcome(sweep(grid), "tf_zeropad_valid")
    assert found["measured"] is None
    assert found["reason"].startswith("too large to be run")


def test_small_inputs_do_not_agree_by_chance():
    grid = grid_of(input_size="1..4", kernel_size="1..3", stride="2..4", padding="half_up,0:1,1:0")
    for row in sweep(grid).lowerings:
        assert row.measured == row.predicted


def test_geometries_without_output_are_counted():
    result = sweep(grid_of(input_size="1..3", kernel_size="1..3", padding="valid"), static=True)
    assert (result.left_out, result.judged) == (3, 6)
    assert len(list(result.points())) == 6
    assert "3 more have no output, left out" in str(result)


def test_a_grid_without_any_output_is_refused():
    with pytest.raises(UsageError, match="no geometry of this grid has an output"):
        sweep(grid_of(input_size=2, kernel_size=3, padding="valid"), static=True)


def test_too_large_a_grid_is_refused_before_it_starts():
    most = module.MOST_MEASURED
    grid = grid_of(input_size=f"1..{most // 2 + 1}", kernel_size="1,2")
    with pytest.raises(UsageError, match=f"at most {most} .* measured.*--static takes more"):
        sweep(grid)
    larger = grid_of(input_size=f"1..{module.MOST_PREDICTED // 4 + 1}", kernel_size="1..4")
    with pytest.raises(UsageError, match=f"at most {module.MOST_PREDICTED} .* predicted"):
        sweep(larger, static=True)


@pytest.mark.parametrize("given", [["torch", "jax_same"], []])
def test_an_unknown_lowering_is_an_error_that_lists_the_known(given):
    with pytest.raises(UsageError, match="lowering of torch, tf_same"):
        sweep(grid_of(input_size=9, kernel_size=3), lowerings=given, static=True)


def test_tensorflow_is_measured_without_keras():
    assert {framework_of(name) for name in DEFAULT} == {"torch", "tensorflow"}


def test_progress_ends_at_the_last_geometry():
    seen = []
    grid = grid_of(input_size="5..33", kernel_size="1..7")
    sweep(grid, static=True, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(set(seen))
    assert seen[-1] == (len(grid), len(grid))


@pytest.mark.parametrize("static", [True, False])
def test_json_follows_the_schema(static):
    grid = grid_of(
        op="max_pool", input_size="1..6", kernel_size="1..3", dilation="1,2", padding="valid,1:0"
    )
    result = sweep(grid, lowerings=["tf_same", "onnxruntime_auto_pad"], static=static)
    data = json.loads(render_json(result))
    jsonschema.validate(data, SCHEMA)
    assert data == result.to_dict()
    assert data["left_out"] + len(data["points"]) == len(grid)
    assert bool(data["frameworks"]) is not static
    for name, counts in data["counts"].items():
        seen = [point["outcomes"][name]["outcome"] for point in data["points"]]
        assert counts == {word: seen.count(word) for word in LETTERS}


def test_a_static_sweep_measured_nothing():
    result = sweep(grid_of(input_size="5..9", kernel_size=3), static=True)
    assert {letter for row in result.lowerings for letter in row.measured} == {NOT_RUN}
    assert not result.frameworks


def test_pads_in_json_are_those_of_the_geometry():
    result = sweep(grid_of(input_size="7,8", kernel_size=3, stride=2, padding="same"), static=True)
    pads = {point["input_size"]: point["pads"] for point in result.points()}
    assert pads == {7: [1, 1], 8: [0, 1]}


def test_lowerings_are_taken_once_and_in_order():
    grid = grid_of(input_size=9, kernel_size=3)
    result = sweep(grid, lowerings=["tf_same", "torch", "tf_same"], static=True)
    assert [row.lowering for row in result.lowerings] == ["tf_same", "torch"]
    assert result.ok
    assert list(itertools.chain(result.counts)) == ["tf_same", "torch"]
