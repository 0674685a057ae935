"""Reports on two models, made by hand for every way in which a comparison can end."""

from __future__ import annotations

import dataclasses

import padcheck
from padcheck.records import (
    EndToEnd,
    Finding,
    LoweringReport,
    ModelRef,
    OpReport,
    OutputReport,
    Proof,
    Report,
)
from tests.support import FIXTURES

SOURCE = ModelRef(path="resnet.onnx", format="onnx", sha256="a" * 64)
TARGET = ModelRef(path="resnet.keras", format="keras", sha256="b" * 64)
GIVEN = ("x 1x3x224x224, random, seed 0; 1x224x224x3 for the target",)
VERSIONS = {"onnxruntime": "1.31.1", "tensorflow": "2.21.0"}


def output(relative, verdict, **more):
    fields = {"name": "y", "target_name": "predictions", "bound": 1.2e-06}
    numbers = {"max_abs_diff": relative and relative / 28, "relative_l2": relative}
    return OutputReport(verdict=verdict, **(fields | numbers | more))


RIGHT = EndToEnd(outputs=(output(3.1e-07, "equivalent"),), inputs=GIVEN)
EXPLAINED = EndToEnd(
    outputs=(output(0.342, "mismatch"),),
    first_divergence="node_Conv_291",
    first_divergence_target="conv0",
    first_divergence_relative_l2=0.4013,
    explained_by=("PAD101",),
    residual_relative_l2=2.9e-07,
    after=(output(2.9e-07, "equivalent"),),
    inputs=GIVEN,
)


def compared(ops, findings=(), whole=None, **more):
    fields = {"source": SOURCE, "target": TARGET, "frameworks": VERSIONS, "end_to_end": whole}
    return Report(
        command="compare",
        padcheck="0.1.0",
        ops=tuple(ops),
        findings=tuple(findings),
        **(fields | more),
    )


def seen(**more):
    """A layer of the target that was run and found equal, unless told otherwise."""
    fields = {
        "verdict": "equivalent",
        "pad_before": (1, 1),
        "pad_after": (1, 1),
        "output_size": (28, 28),
        "grid_shift": (0, 0),
        "predicted": "equivalent",
        "measured": True,
        "mismatched": 0.0,
        "max_abs_diff": 0.0,
    }
    return LoweringReport(**(fields | more))


def layer(name, target, op_type="Conv", **more):
    """A 3x3 layer at 28x28 that is equal on both sides, unless told otherwise."""
    verdict = more.get("verdict", "equivalent")
    codes = more.get("findings", ())
    fields = {
        "verdict": verdict,
        "input_size": (28, 28),
        "output_size": (28, 28),
        "kernel_size": (3, 3),
        "stride": (1, 1),
        "dilation": (1, 1),
        "group": 1,
        "pad_before": (1, 1),
        "pad_after": (1, 1),
        "lowerings": {"target": seen(verdict=verdict, findings=codes)},
        "notes": ("matched by weights",),
    }
    return OpReport(name=name, op_type=op_type, target_name=target, **(fields | more))


def found(code, name, op, message, help_="", **more):
    fields = {"notes": (f"proven: {code} reproduces all outputs exactly, residual 0",)}
    return Finding(
        code=code,
        name=name,
        op=op,
        message=message,
        lowering="target",
        help=help_,
        proof=Proof(status="proven"),
        **(fields | more),
    )


def resnet(*, same=True):
    """A ResNet whose target pads by SAME, with the findings that `diagnose` has about it."""
    read = padcheck.diagnose(FIXTURES / "resnet_thin.onnx", static=True)
    ops, findings = [], []
    for index, op in enumerate(read.ops):
        lowering = op.lowerings["tf_same" if same and "tf_same" in op.lowerings else "torch"]
        mine = [f for f in read.findings if f.op == op.name and f.lowering == "tf_same" and same]
        findings += [dataclasses.replace(f, lowering="target") for f in mine]
        ops.append(
            dataclasses.replace(
                op,
                verdict=lowering.verdict,
                target_name=f"{'max_pool' if op.op_type == 'MaxPool' else 'conv'}{index}",
                lowerings={"target": dataclasses.replace(lowering, measured=True)},
                findings=lowering.findings,
                agrees_when=None,
                notes=("matched by weights" if op.op_type == "Conv" else "matched by neighbours",),
            )
        )
    return ops, findings


def shifted():
    """One cause, five layers, everything explained."""
    return compared(*resnet(), EXPLAINED)


def three_faults():
    """SAME, a lost bias and a zero-filled pool at once; and one that cannot show."""
    same = seen(
        verdict="mismatch",
        pad_before=(0, 0),
        output_size=(14, 14),
        grid_shift=(1, 1),
        findings=("PAD101",),
    )
    ops = [
        layer(
            "/stem/conv/Conv",
            "stem_conv",
            stride=(2, 2),
            output_size=(14, 14),
            verdict="mismatch",
            findings=("PAD101",),
            lowerings={"target": same},
        ),
        layer("/body/conv1/Conv", "body_conv1", verdict="mismatch", findings=("PAD904",)),
        layer("/pool/MaxPool", "pool", "MaxPool", verdict="mismatch", findings=("PAD201",)),
        layer("/pool2/MaxPool", "pool2", "MaxPool", findings=("PAD201",)),
        layer("/head/conv/Conv", "head_conv"),
    ]
    filled = "padding of the max pool holds 0, expected -inf"
    findings = [
        found(
            "PAD101",
            "asymmetric_same",
            "/stem/conv/Conv",
            "extra pad is at the bottom/right: pads (0,1), expected (1,1)",
            'layers.ZeroPadding2D(((1, 1), (1, 1)))\nlayers.Conv2D(8, 3, 2, padding="valid")',
            safety="changes-output",
        ),
        found(
            "PAD904",
            "bias_lost",
            "/body/conv1/Conv",
            "bias is lost",
            "layer.set_weights([kernel, bias])",
            safety="changes-output",
        ),
        found(
            "PAD201", "zero_filled_max_pool", "/pool/MaxPool", filled, "pad with -inf, not with 0"
        ),
        found(
            "PAD201",
            "zero_filled_max_pool",
            "/pool2/MaxPool",
            filled,
            latent=True,
            notes=("cannot show: its input comes from Relu, which gives nothing negative",),
        ),
    ]
    whole = dataclasses.replace(
        EXPLAINED,
        first_divergence="/stem/conv/Conv",
        first_divergence_target="stem_conv",
        explained_by=("PAD101", "PAD904", "PAD201"),
    )
    return compared(ops, findings, whole)


def unsure():
    """Nothing differs, but something on both sides has no partner, and nothing could be run."""
    alone = layer("extra", "extra", verdict="unverified", lowerings={}, of_target=True, notes=())
    ops = [
        layer("a", "a_conv"),
        layer("b", None, verdict="unverified", lowerings={}, notes=()),
        layer("c", "c_conv", verdict="unverified", lowerings={}, reason="weight is no constant"),
        dataclasses.replace(alone, reason="no layer of the source has these weights"),
    ]
    ops[1] = dataclasses.replace(ops[1], reason="no layer of the target has these weights")
    whole = EndToEnd(reason="tensorflow: not installed (pip install 'padcheck[tensorflow]')")
    return compared(ops, (), whole, notes=("Resize is not compared",))


def remainder():
    """One layer is named, and there is more."""
    ops = [
        layer("a", "a_conv", verdict="mismatch", findings=("PAD904",)),
        layer("b", "b_conv"),
        layer("c", None, verdict="unverified", lowerings={}, reason="no partner"),
    ]
    found_ = [found("PAD904", "bias_lost", "a", "bias is lost", "layer.set_weights([k, b])")]
    whole = dataclasses.replace(
        EXPLAINED,
        first_divergence="a",
        first_divergence_target="a_conv",
        explained_by=("PAD904",),
        residual_relative_l2=0.12,
        after=(output(0.12, "mismatch"),),
        remaining=("c",),
    )
    return compared(ops, found_, whole)


def not_finite():
    """An output of NaN, and one of another shape."""
    whole = EndToEnd(
        outputs=(
            output(float("nan"), "mismatch", max_abs_diff=float("inf")),
            OutputReport(name="z", verdict="mismatch", notes=("other shapes: 1x5 and 1x6",)),
        ),
        inputs=GIVEN,
    )
    return compared([layer("a", "a_conv")], (), whole)


def equal():
    """The same model."""
    return compared(resnet(same=False)[0], (), RIGHT)


ALL = (shifted, three_faults, unsure, remainder, not_finite, equal)
