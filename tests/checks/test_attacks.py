"""Models made to break padcheck: each was once accused, acquitted, or crashed on wrongly."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from onnx import TensorProto, helper, save

import padcheck
from tests.support import ROOT
from tests.support import padcheck as run

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "schema.json").read_text())


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(*ops):
    """One graph with a branch for each (op_type, input shape, weight shape or None, attributes)."""
    nodes, inputs, outputs = [], [], []
    for number, (op_type, shape, weight, attributes) in enumerate(ops):
        names = [f"x{number}"] + ([f"w{number}"] if weight else [])
        shapes = [shape] + ([weight] if weight else [])
        inputs += [value(name, size) for name, size in zip(names, shapes, strict=True)]
        nodes.append(helper.make_node(op_type, names, [f"y{number}"], f"op{number}", **attributes))
        outputs.append(value(f"y{number}", None))
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])


def pool(kind, shape, k, **attributes):
    return (kind, shape, None, {"kernel_shape": k, **attributes})


def checked(report):
    jsonschema.validate(report.to_dict(), SCHEMA)
    json.dumps(report.to_dict(), allow_nan=False)
    return report


@pytest.fixture(scope="module")
def measured():
    """What static and measured must agree on, op by op."""
    made = model(
        pool("MaxPool", [1, 8, 5], [3], strides=[3], pads=[1, 1]),
        pool("MaxPool", [1, 8, 6], [5], strides=[2], pads=[2, 2]),
        pool("MaxPool", [1, 2, 2], [1], strides=[4], pads=[2, 2]),
        pool("MaxPool", [1, 2, 2, 2], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        pool("LpPool", [1, 2, 8, 8], [3, 3], pads=[1, 1, 1, 1], p=11),
        pool("LpPool", [1, 2, 8, 8], [3, 3], pads=[1, 1, 1, 1], p=1000),
        ("Conv", [1, 2, 8, 8], [3, 2, 3, 3], {"pads": [-1, -1, -1, -1]}),
        ("ConvTranspose", [1, 2, 8, 8], [2, 3, 2, 2], {"strides": [3, 3]}),
        ("Conv", [1, 4, 8, 8], [4, 1, 3, 3], {"group": 4, "pads": [1, 1, 1, 1]}),
        ("Conv", [1, 8, 8, 8], [8, 2, 3, 3], {"group": 4, "pads": [1, 1, 1, 1]}),
        pool(
            "AveragePool", [1, 2, 8, 8], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
            ceil_mode=1, count_include_pad=1,
        ),
    )  # fmt: skip
    return checked(padcheck.diagnose(made)), checked(padcheck.diagnose(made, static=True))


def test_measured_and_static_agree_on_every_op(measured):
    for op, predicted in zip(*(report.ops for report in measured), strict=True):
        assert (op.verdict, op.findings) == (predicted.verdict, predicted.findings), op.name


@pytest.mark.parametrize(
    ("number", "verdict", "codes"),
    [
        (0, "mismatch", ("PAD101",)),  # one random plane agreed by chance
        (1, "mismatch", ("PAD101",)),
        (3, "equivalent", ()),  # the window covers the whole input either way
        (4, "equivalent", ()),  # 4 ** 11 is past float32's integers
        (5, "equivalent", ()),
        (6, "mismatch", ("PAD110",)),  # it crops, which VALID does not
        (7, "mismatch", ("PAD402",)),  # Keras gives n * stride
        (8, "equivalent", ()),
        (9, "equivalent", ()),
        (10, "mismatch", ("PAD101", "PAD203")),
    ],
)
def test_verdicts(measured, number, verdict, codes):
    op = measured[0].ops[number]
    assert (op.verdict, op.findings) == (verdict, codes)


def test_every_lowering_is_really_run(measured):
    for op in measured[0].ops:
        assert all(lowering.measured for lowering in op.lowerings.values()), op.name


def test_no_framework_is_accused(measured):
    assert "PAD998" not in {finding.code for finding in measured[0].findings}


def test_the_fix_is_never_a_build_that_is_itself_another_op(measured):
    (finding,) = (f for f in measured[0].findings if f.op == "op10" and f.code == "PAD101")
    assert finding.help.splitlines()[-1] == "x = x / mask"  # zeros alone would be counted


@pytest.mark.parametrize(
    "op",
    [
        pool("AveragePool", [1, 2, 60000], [30000], pads=[5, 5]),
        pool("AveragePool", [1, 2, 60000], [30000], auto_pad="SAME_UPPER"),
        pool("AveragePool", [1, 2, 2147483640], [3], pads=[1, 1]),
        ("Conv", [1, 2, 24000], [2, 2, 12000], {"pads": [5, 5]}),
        ("Conv", [1, 2, 60000], [2, 2, 1], {"strides": [20000], "pads": [3, 3]}),
    ],
    ids=lambda op: f"{op[0]}-{op[1][2]}",
)
def test_huge_ops_take_neither_time_nor_memory(tmp_path, op):
    """Bounds with a wide margin: these took minutes and gigabytes."""
    path = tmp_path / "m.onnx"
    save(model(op), path)
    code = f"import padcheck; print(padcheck.diagnose({str(path)!r}, static=True).verdict)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )
    assert done.stdout.strip() in ("mismatch", "equivalent", "unverified")


def test_what_is_too_large_to_run_is_unverified():
    report = checked(padcheck.check_conv(input_size=30000, kernel_size=20000, pads=1))
    lowering = report.ops[0].lowerings["torch"]
    assert not lowering.measured
    assert "too large to evaluate" in lowering.reason


def test_four_spatial_axes_are_unverified():
    made = model(("Conv", [1, 1, 4, 4, 4, 4], [1, 1, 1, 1, 1, 1], {}))
    report = checked(padcheck.diagnose(made, static=True))
    assert report.verdict == "unverified"
    assert "4 spatial axes" in report.ops[0].reason


def test_output_follows_links_and_keeps_modes(tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    run("conv", "--input=9", "--kernel=3", "--static", "-o", str(link))
    assert link.is_symlink()
    assert json.loads(target.read_text())["command"] == "conv"
    assert target.stat().st_mode & 0o777 == 0o600


def test_output_to_a_device_leaves_the_device():
    done = run("conv", "--input=9", "--kernel=3", "--static", "-o", "/dev/null")
    assert done.returncode == 1
    assert not Path("/dev/null").is_file()


def test_a_reader_that_goes_away_does_not_change_the_verdict():
    script = f"{sys.executable} -m padcheck conv --input 9 --kernel 3 --padding 1 --static"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script} | true"], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["x\nerror: y.onnx", "\x1b[31mred.onnx"])
def test_a_file_name_steers_no_terminal(name):
    done = run("diagnose", name)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "\x1b" not in done.stderr


def test_an_input_shape_given_twice_is_refused():
    shape = ("--input-shape", "x=1,3,224,224")
    done = run("diagnose", "fixtures/resnet_thin.onnx", "--static", *shape, *shape)
    assert done.returncode == 2
    assert "once for each input" in done.stderr


def test_many_inputs_are_read_in_linear_time():
    """4000 nodes with a weight each as a graph input: 4 s once, when it was quadratic."""
    weights = [value(f"w{number}", [1, 1, 1]) for number in range(4000)]
    nodes = [
        helper.make_node("Conv", ["x", f"w{number}"], [f"y{number}"]) for number in range(4000)
    ]
    outputs = [value(f"y{number}", None) for number in range(4000)]
    graph = helper.make_graph(nodes, "g", [value("x", [1, 1, 9]), *weights], outputs)
    report = padcheck.diagnose(helper.make_model(graph), static=True)
    assert report.counts["equivalent"] == 4000
