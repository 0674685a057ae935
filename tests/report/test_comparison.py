"""A comparison as text and as JSON: every way in which it can end."""

import dataclasses
import json

import jsonschema
import pytest

from padcheck.records import AxisSizes, EndToEnd, ModelRef, OutputReport, Report
from padcheck.report.text import render
from tests.report import comparisons
from tests.report.comparisons import compared, found, layer, output, seen
from tests.support import ROOT

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "schema.json").read_text())


def prose(report):
    """The text on one line."""
    return " ".join(str(report).split())


def finite(value):
    """What JSON keeps: numbers that are not finite become None."""
    return json.loads(json.dumps(value, allow_nan=False))


@pytest.fixture(params=comparisons.ALL, ids=lambda made: made.__name__)
def report(request):
    return request.param()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_asked(report, width):
    assert max(map(len, render(report, width=width).splitlines())) <= width


def test_str_is_the_text_and_ascii(report):
    assert str(report) == render(report)
    assert str(report).isascii()
    assert str(report).splitlines()[0].endswith(f": {report.verdict}")


def test_colour_comes_only_from_the_paint(report):
    painted = render(report, paint=lambda text, colour: f"<{colour}>{text}</>")
    plain = painted.replace("</>", "")
    for colour in ("red", "yellow", "green"):
        plain = plain.replace(f"<{colour}>", "")
    assert plain == render(report)


def test_the_json_follows_the_schema_and_comes_back(report):
    data = finite(report.to_dict())
    jsonschema.validate(data, SCHEMA)
    assert Report.from_dict(data).to_dict() == data
    assert str(Report.from_dict(data)) == str(report)


def test_finite_reports_come_back_the_same():
    for made in (comparisons.shifted(), comparisons.unsure(), comparisons.remainder()):
        assert Report.from_dict(made.to_dict()) == made


def test_one_cause_explains_the_whole():
    text = prose(comparisons.shifted())
    assert (
        "resnet.onnx -> resnet.keras: mismatch not the same model: 5 of 21 layers read shifted "
        "pixels; fixing them removes all of the difference (34 % of the output, 0.0 % after) "
        "the two part at node_Conv_291 (target: conv0): inputs equal, outputs differ by 40 % "
        "PAD101 asymmetric_same: extra pad is at the bottom/right: pads (2,3), expected (3,3) "
        "Conv k7x7 s2x2 at 224x224: node_Conv_291 -> conv0"
    ) in text


def test_layers_of_one_cause_and_window_share_a_block_and_a_picture():
    text = str(comparisons.shifted())
    assert (
        "  Conv k3x3 s2x2 at 56x56, 28x28, 14x14: 3 layers\n"
        "    node_Conv_301 -> conv6\n"
        "    node_Conv_311 -> conv11\n"
        "    node_Conv_321 -> conv16\n"
        "\n"
        "    input           .  0  1  2  3  4\n"
        "    source (1,1)    x  x  x           window 0\n"
        "                          x  x  x     window 1\n"
        "    target (0,1)       x  x  x        window 0\n"
        "                             x  x  x  window 1\n"
    ) in text
    assert (
        "  note: matched by weights\n"
        "  help: in the target (changes-output), for conv6\n"
        "      layers.ZeroPadding2D(((1, 1), (1, 1)))\n"
    ) in text
    assert text.count("PAD101 asymmetric_same") == 3


def test_the_numbers_stand_before_and_after_with_their_bound():
    assert (
        "end to end on x 1x3x224x224, random, seed 0; 1x224x224x3 for the target:\n"
        "output            max |diff|  relative L2    bound\n"
        "y -> predictions       0.012         0.34  1.2e-06  mismatch\n"
        "  after                1e-08      2.9e-07  1.2e-06  equivalent\n"
        "(after: the source with PAD101 as in the target; residual 2.9e-07)\n"
    ) in str(comparisons.shifted())


def test_equal_layers_share_a_row_and_guilty_ones_have_their_own():
    text = prose(comparisons.shifted())
    assert "13 node_Conv_293... conv2... Conv k3x3 (1,1) ok" in text
    for names in ("node_Conv_301 conv6", "node_Conv_311 conv11", "node_Conv_321 conv16"):
        assert f"1 {names} Conv k3x3 s2x2 (1,1) -> (0,1) PAD101" in text


def test_the_closing_line_has_counts_and_versions():
    assert prose(comparisons.shifted()).endswith(
        "21 layers, 16 equivalent, 5 mismatch, 0 unverified; measured with onnxruntime 1.31.1, "
        "tensorflow 2.21.0"
    )


def test_three_faults_are_all_named():
    text = prose(comparisons.three_faults())
    assert (
        "3 of 5 layers differ: 1 reads shifted pixels, 1 adds another bias, 1 pads with other "
        "values; fixing them removes all of the difference"
    ) in text
    for words in (
        "PAD101 asymmetric_same: extra pad",
        "PAD904 bias_lost: bias is lost Conv k3x3 at 28x28: /body/conv1/Conv -> body_conv1",
        "help: pad with -inf, not with 0 (safe)",
        "(after: the source with PAD101, PAD904, PAD201 as in the target; residual 2.9e-07)",
    ):
        assert words in text


def test_what_cannot_show_is_told_apart_with_its_reason():
    report = comparisons.three_faults()
    text = prose(report)
    assert text.index("PAD904 bias_lost") < text.index("latent: PAD201")
    assert "note: cannot show: its input comes from Relu, which gives nothing negative" in text
    assert "1 /pool2/MaxPool pool2 MaxPool k3x3 (1,1) ok (PAD201)" in text
    assert report.ops[3].verdict == "equivalent"


def test_a_latent_difference_is_no_mismatch():
    report = compared([layer("a", "b")], [found("PAD201", "x", "a", "m", latent=True)])
    assert report.exit_code == 0
    assert "1 layer computes the same numbers; 1 difference cannot show here" in prose(report)


def test_what_was_not_checked_is_told_for_both_sides():
    report = comparisons.unsure()
    assert (report.verdict, report.exit_code) == ("unverified", 3)
    text = prose(report)
    for words in (
        "not known to be the same model: 2 of 3 layers could not be checked, 1 layer of the "
        "target without a partner, the models were not run; nothing else differs",
        "unverified: 1 layer (b): no layer of the target has these weights",
        "unverified: 1 layer (c -> c_conv): weight is no constant",
        "unverified: 1 layer of the target (extra): no layer of the source has these weights",
        "note: Resize is not compared",
        "end to end: not run: tensorflow: not installed",
        "1 - extra Conv k3x3 (1,1) unverified",
        "1 b - Conv k3x3 (1,1) unverified",
    ):
        assert words in text


def test_what_stays_unexplained_is_named():
    text = prose(comparisons.remainder())
    assert (
        "1 of 3 layers adds another bias; fixing it does not remove all of the difference "
        "(34 % of the output, 12 % after)"
    ) in text
    assert "not explained: 1 layer: c " in text


def test_outputs_that_differ_though_no_layer_does_make_a_mismatch():
    report = comparisons.not_finite()
    assert (report.verdict, report.exit_code) == ("mismatch", 1)
    text = prose(report)
    assert "the outputs differ (not finite), and no layer that could be checked does" in text
    assert "y -> predictions - - 1.2e-06 mismatch" in text
    assert "note: z: other shapes: 1x5 and 1x6" in text


def test_numbers_that_are_not_finite_are_null_in_json():
    (first, _) = comparisons.not_finite().to_dict()["end_to_end"]["outputs"]
    assert (first["max_abs_diff"], first["relative_l2"], first["bound"]) == (None, None, 1.2e-06)


def test_the_same_model_is_said_to_be_the_same():
    text = prose(comparisons.equal())
    assert (
        "the same model: 21 layers compute the same numbers; the outputs agree within rounding"
    ) in text
    assert "y -> predictions 1.1e-08 3.1e-07 1.2e-06 equivalent" in text


@pytest.mark.parametrize(
    ("verdicts", "reason", "verdict"),
    [
        (("equivalent", "mismatch"), None, "mismatch"),
        (("mismatch",), "stopped", "mismatch"),
        (("equivalent", "unverified"), None, "unverified"),
        (("equivalent",), "stopped", "unverified"),
        ((), "not installed", "unverified"),
        (("equivalent",), None, "equivalent"),
    ],
)
def test_the_outputs_count_in_the_verdict(verdicts, reason, verdict):
    outputs = tuple(OutputReport(name=str(n), verdict=each) for n, each in enumerate(verdicts))
    whole = EndToEnd(outputs=outputs, reason=reason)
    assert whole.verdict == verdict
    assert compared([layer("a", "b")], (), whole).verdict == verdict


def test_an_unverified_output_is_told():
    whole = EndToEnd(outputs=(output(1e-3, "unverified", bound=None),))
    assert "model: 1 output could not be compared; nothing else differs" in prose(
        compared([layer("a", "b")], (), whole)
    )


@pytest.mark.parametrize(
    ("code", "shift", "words"),
    [
        ("PAD101", (0, 1), "reads shifted pixels"),
        ("PAD101", (0, 0), "reads the wrong pixels"),
        ("PAD110", (1, 1), "reads shifted pixels"),
        ("PAD202", (0, 0), "pads with other values"),
        ("PAD203", (0, 0), "averages over other counts"),
        ("PAD301", (0, 0), "keeps other windows"),
        ("PAD401", (0, 0), "keeps another part of the output"),
        ("PAD902", (0, 0), "computes other numbers"),
        ("PAD906", (0, 0), "clips at other bounds"),
        ("PAD999", (0, 0), "computes other numbers"),
    ],
)
def test_the_headline_has_words_for_every_family(code, shift, words):
    target = seen(verdict="mismatch", findings=(code,), grid_shift=shift)
    one = layer("a", "b", verdict="mismatch", findings=(code,), lowerings={"target": target})
    text = prose(compared([one], [found(code, "name", "a", "message")]))
    assert f"not the same model: 1 of 1 layer {words} {code} name" in text


def test_a_fault_that_the_outputs_do_not_show_is_still_one():
    one = layer("a", "b", verdict="mismatch", findings=("PAD904",))
    report = compared([one], [found("PAD904", "bias_lost", "a", "m")], comparisons.RIGHT)
    assert report.exit_code == 1
    assert "adds another bias; the outputs agree on this input" in prose(report)


def test_faults_that_were_never_run_say_so():
    one = layer("a", "b", verdict="mismatch", findings=("PAD904",))
    whole = EndToEnd(reason="tensorflow 2.21.0: crashed")
    text = prose(compared([one], [found("PAD904", "bias_lost", "a", "m")], whole))
    assert "adds another bias; the models were not run" in text


def test_two_faults_of_one_judgement_share_notes_and_picture():
    codes = ("PAD101", "PAD203")
    target = seen(verdict="mismatch", findings=codes, pad_before=(0, 0), grid_shift=(1, 1))
    pool = layer(
        "a", "b", "AveragePool", verdict="mismatch", findings=codes, lowerings={"target": target}
    )
    shared = ("proven: PAD101 + PAD203 reproduces all 784 outputs exactly, residual 0",)
    findings = [found(code, "name", "a", "message", notes=shared) for code in codes]
    text = str(compared([pool], findings))
    assert text.count("PAD101 + PAD203 reproduces") == 1
    assert text.count("window 0") == 2
    assert "note: together with PAD101, above" in text


def test_a_fault_in_every_layer_does_not_fill_pages():
    ops = [
        layer(f"conv{n}", f"layer{n}", verdict="mismatch", findings=("PAD904",)) for n in range(60)
    ]
    findings = [found("PAD904", "bias_lost", op.name, f"off by {op.name}") for op in ops]
    text = str(compared(ops, findings))
    assert len(text.splitlines()) < 50
    assert "PAD904 bias_lost: 57 layers more\n  conv3 -> layer3: off by conv3\n" in text
    assert "  and 45 more\n" in text
    assert "    60  conv0...  layer0...  Conv  k3x3    (1,1)  PAD904\n" in text


def test_long_names_keep_their_ends_in_the_table():
    name = "/backbone/" + "stage/" * 20 + "conv2/Conv"
    text = render(compared([layer(name, "model/" * 30 + "conv2")]), width=80)
    (row,) = [line for line in text.splitlines() if line.endswith("ok")]
    assert len(row) <= 80
    assert "stage/conv2/Conv ..." in row
    assert "model/conv2 " in row


def test_a_prediction_is_not_passed_off_as_a_measurement():
    reason = "too large to run"
    target = seen(verdict="mismatch", findings=("PAD101",), measured=False, reason=reason)
    one = layer("a", "b", verdict="mismatch", findings=("PAD101",), lowerings={"target": target})
    two = layer("c", "d", lowerings={"target": seen(measured=False)})
    text = prose(compared([one, two], [found("PAD101", "asymmetric_same", "a", "m")]))
    assert "note: predicted, not run: too large to run" in text
    assert "1 c d Conv k3x3 (1,1) ok* (ok* predicted, not run)" in text


def test_where_the_two_part_may_lie_before_a_layer():
    whole = dataclasses.replace(comparisons.EXPLAINED, first_divergence_at_input=True)
    text = prose(compared([layer("a", "b")], (), whole))
    assert (
        "the two part before node_Conv_291 (target: conv0), at no matched layer: inputs differ "
        "by 40 %"
    ) in text


def test_models_in_memory_are_named_by_their_kind():
    source = ModelRef(path=None, format="onnx")
    report = compared([layer("a", "b")], source=source)
    assert str(report).startswith("(onnx in memory) -> resnet.keras: equivalent\n")


def test_two_models_without_convolutions_can_be_the_same():
    assert "the same model: no convolution or pool in it; the outputs agree" in prose(
        compared([], (), comparisons.RIGHT)
    )


def test_a_repaired_target_is_named():
    report = dataclasses.replace(comparisons.shifted(), fixed="repaired.keras")
    assert "fixed: repaired.keras has the repaired target, compared again" in prose(report)
    assert report.to_dict()["fixed"] == "repaired.keras"
    assert report.exit_code == 1


def test_an_op_of_the_target_may_have_the_name_of_one_of_the_source():
    guilty = layer("conv", "conv_1", verdict="mismatch", findings=("PAD904",))
    alone = layer("conv", "conv", verdict="unverified", of_target=True, reason="no partner")
    text = prose(compared([guilty, alone], [found("PAD904", "bias_lost", "conv", "bias is lost")]))
    assert "1 of 1 layer adds another bias" in text
    assert "Conv k3x3 at 28x28: conv -> conv_1" in text
    assert "unverified: 1 layer of the target (conv): no partner" in text


def test_what_could_steer_a_terminal_is_spelled_out():
    bad = layer("a\x1b[2J", "b\nc", verdict="unverified", reason="odd \x07", lowerings={})
    whole = dataclasses.replace(comparisons.EXPLAINED, first_divergence="\x1b[1m")
    text = str(compared([bad], (), whole, source=ModelRef(path="\x1b.onnx", format="onnx")))
    assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    ("residues", "words"), [((1,), "the two are the same op at odd input sizes"), ((), "")]
)
def test_sizes_at_which_the_two_agree_are_told_where_there_are_any(residues, words):
    axes = (AxisSizes(modulus=2, residues=residues),) * 2
    one = layer("a", "b", verdict="mismatch", findings=("PAD101",), agrees_when=axes)
    text = prose(compared([one], [found("PAD101", "asymmetric_same", "a", "m")]))
    assert ("are the same op" in text) == bool(words)
    assert words in text


def test_all_notes_of_a_guilty_layer_are_told():
    notes = ("matched by weights", "stands for a, a2")
    one = layer("a", "b", verdict="mismatch", findings=("PAD904",), notes=notes)
    text = prose(compared([one], [found("PAD904", "bias_lost", "a", "m")]))
    assert "note: matched by weights note: stands for a, a2" in text
