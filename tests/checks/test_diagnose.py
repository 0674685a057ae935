"""`diagnose` on real models: light models of the onnx package, and the fixtures."""

import os

import onnx
import pytest

import padcheck
from padcheck.errors import UsageError
from tests.support import FIXTURES

LIGHT = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")


def light(name):
    return os.path.join(LIGHT, f"light_{name}.onnx")


def by_code(report, lowering="tf_same"):
    return [finding.code for finding in report.findings if finding.lowering == lowering]


@pytest.mark.parametrize(
    ("name", "ops", "mismatches"),
    [
        ("resnet50", 55, 5),
        ("densenet121", 125, 2),
        ("inception_v2", 82, 5),
        ("shufflenet", 54, 8),
        ("vgg19", 21, 0),
        ("squeezenet", 29, 0),
        ("bvlc_alexnet", 8, 0),
        ("zfnet512", 8, 0),
    ],
)
def test_light_models(name, ops, mismatches):
    report = padcheck.diagnose(light(name), static=True)
    assert report.counts == {
        "ops": ops,
        "equivalent": ops - mismatches,
        "mismatch": mismatches,
        "unverified": 0,
    }
    assert by_code(report) == ["PAD101"] * mismatches


def test_the_light_inception_v1_has_an_average_pool_that_same_pads_otherwise():
    report = padcheck.diagnose(light("inception_v1"), static=True)
    assert (report.counts["ops"], report.counts["equivalent"]) == (71, 69)
    assert by_code(report) == ["PAD101", "PAD110"]


def test_the_resnet_at_225_has_none():
    shapes = {"gpu_0/data_0": (1, 3, 225, 225)}
    report = padcheck.diagnose(light("resnet50"), input_shapes=shapes, static=True)
    assert report.ok
    assert report.ops[0].input_size == (225, 225)


SYMMETRIC = [
    f"{net}_thin{variant}"
    for net in ("resnet", "mobilenetv2")
    for variant in ("", "_legacy", "_dynamic", "_dynamic_legacy")
]
TF_PADS = [name.replace("_thin", "_thin_tf_pads") for name in SYMMETRIC]


@pytest.mark.parametrize("name", SYMMETRIC)
def test_symmetric_pads_break_under_same_in_five_places(name):
    report = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    assert report.counts["mismatch"] == 5
    assert report.counts["unverified"] == 0
    assert set(by_code(report)) == {"PAD101"}


@pytest.mark.parametrize("name", [name for name in TF_PADS if "dynamic" in name])
def test_pads_that_depend_on_an_open_size_are_not_passed_off_as_checked(name):
    report = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    assert report.counts["mismatch"] == 0
    assert report.verdict == "unverified"
    reasons = [op.reason for op in report.ops if op.verdict == "unverified"]
    assert all("give the shape with --input-shape" in reason for reason in reasons)


@pytest.mark.parametrize("name", [name for name in TF_PADS if "dynamic" not in name])
def test_tf_style_pads_break_nowhere(name):
    report = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    assert report.ok
    assert report.counts["equivalent"] == report.counts["ops"]


@pytest.mark.parametrize("name", [name for name in TF_PADS if "dynamic" in name])
@pytest.mark.parametrize("size", [224, 225])
def test_pads_that_depend_on_the_size_fold_once_it_is_given(name, size):
    model = onnx.load(FIXTURES / f"{name}.onnx")
    shapes = {model.graph.input[0].name: (1, 3, size, size)}
    report = padcheck.diagnose(model, input_shapes=shapes, static=True)
    assert report.ok
    folded = [op for op in report.ops if op.folded]
    assert folded
    pair = ((0, 0), (1, 1)) if size == 224 else ((1, 1), (1, 1))
    three = [op for op in folded if op.kernel_size == (3, 3)]
    assert (three[0].pad_before, three[0].pad_after) == pair


@pytest.mark.parametrize("name", ["resnet_thin_dynamic", "resnet_thin_dynamic_legacy"])
def test_an_open_size_is_judged_for_every_residue(name):
    report = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    op = next(op for op in report.ops if op.verdict == "mismatch")
    assert op.input_size == (None, None)
    assert [(axis.modulus, axis.residues) for axis in op.agrees_when] == [(2, (1,))] * 2
    assert "numbers and code are for" in report.findings[0].notes[0]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("cifar10_cnn", set()),
        ("inception_block", {"PAD101"}),
        ("causal_1d", {"PAD103"}),
        ("conv_3d", {"PAD101"}),
        ("decoder_transposed", {"PAD401"}),
    ],
)
def test_the_other_fixtures(name, codes):
    report = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    assert set(by_code(report)) == codes
    assert report.counts["unverified"] == 0


@pytest.fixture(scope="module")
def measured():
    names = (
        "resnet_thin",
        "inception_block",
        "conv_3d",
        "decoder_transposed",
        "causal_1d",
        "cifar10_cnn",
    )
    return {name: padcheck.diagnose(FIXTURES / f"{name}.onnx") for name in names}


@pytest.mark.parametrize(
    "name",
    ["resnet_thin", "inception_block", "conv_3d", "decoder_transposed", "causal_1d", "cifar10_cnn"],
)
def test_what_is_measured_is_what_was_predicted(measured, name):
    report = measured[name]
    static = padcheck.diagnose(FIXTURES / f"{name}.onnx", static=True)
    assert report.counts == static.counts
    assert [f.code for f in report.findings] == [f.code for f in static.findings]
    assert {f.proof.status for f in report.findings} <= {"proven"}
    for op in report.ops:
        for lowering in op.lowerings.values():
            assert lowering.measured
            assert lowering.verdict == lowering.predicted
        assert op.lowerings["torch"].verdict == "equivalent"


def test_zeropadding_and_valid_is_not_same_for_pools(measured):
    report = measured["inception_block"]
    pools = [op for op in report.ops if "Pool" in op.op_type and any(op.pad_before)]
    assert pools
    for op in pools:
        assert op.lowerings["tf_zeropad_valid"].findings in (("PAD201",), ("PAD203",))


def test_the_fix_of_a_max_pool_pads_with_minus_infinity(measured):
    finding = next(f for f in measured["resnet_thin"].findings if "max_pool" in f.op)
    assert "-inf" in finding.help


def test_equal_geometries_are_measured_once(monkeypatch):
    from padcheck.frameworks import worker

    asked = []
    submit = worker.Worker.submit

    def counting(self, spec, lowering, *arrays):
        asked.append((spec, lowering))
        return submit(self, spec, lowering, *arrays)

    monkeypatch.setattr(worker.Worker, "submit", counting)
    report = padcheck.diagnose(light("resnet50"))
    assert report.counts["mismatch"] == 5
    first_runs = [ask for ask in asked if min(ask[0].input_size) > 6]
    assert len(first_runs) == len(set(first_runs))
    assert len(asked) < 90  # 55 ops under 3 lowerings are 165


def test_a_model_proto_and_a_path_give_the_same_ops():
    path = FIXTURES / "conv_3d.onnx"
    by_path = padcheck.diagnose(path, static=True)
    by_proto = padcheck.diagnose(onnx.load(path), static=True)
    assert by_path.ops == by_proto.ops
    assert by_path.source.sha256 is not None
    assert by_proto.source.path is None


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_torch_module_is_exported_in_memory():
    import torch

    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), torch.nn.ReLU())
    net.train()
    report = padcheck.diagnose(net, (torch.zeros(1, 3, 32, 32),), static=True)
    assert by_code(report) == ["PAD101"]
    assert net.training


def test_a_torch_module_needs_example_inputs():
    import torch

    with pytest.raises(UsageError, match="example_inputs"):
        padcheck.diagnose(torch.nn.Conv2d(3, 4, 3))


@pytest.mark.parametrize("model", [3, None, ["a.onnx"]])
def test_something_else_is_refused(model):
    with pytest.raises(UsageError, match="expected a path"):
        padcheck.diagnose(model)


def test_progress_is_told_op_by_op():
    seen = []
    padcheck.diagnose(
        FIXTURES / "conv_3d.onnx", static=True, progress=lambda *done: seen.append(done)
    )
    assert seen == [(number, 5) for number in range(1, 6)]
