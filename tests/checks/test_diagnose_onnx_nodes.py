"""`diagnose` on onnx's own node tests of windowed ops."""

import pytest

import padcheck
from tests.frameworks.onnx.reader_models import WINDOWED, node_cases

DILATED = "tf_same: Keras pooling layers have no dilation, and tf.nn.pool none with SAME"

#: What no framework here has words for: name -> reason.
UNVERIFIED = {
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True": DILATED,
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True": DILATED,
    "test_maxpool_3d_dilations_use_ref_impl_large": DILATED,
    "test_lppool_3d_default": ("tf_zeropad_valid: Keras has no Lp pooling, and no DepthwiseConv3D"),
}


@pytest.fixture(scope="module")
def diagnosed():
    return {
        name: (case, padcheck.diagnose(case.model, static=True))
        for name, case in node_cases().items()
    }


def test_every_kind_of_op_is_there(diagnosed):
    assert len(diagnosed) >= 60
    assert {report.ops[0].op_type for _, report in diagnosed.values()} == WINDOWED


def test_output_sizes_are_those_of_the_expected_outputs(diagnosed):
    for name, (case, report) in diagnosed.items():
        (op,) = report.ops
        _, outputs = case.data_sets[0]
        assert (name, op.output_size) == (name, outputs[0].shape[2:])


def test_only_what_no_framework_can_say_is_unverified(diagnosed):
    reasons = {
        name: op.reason
        for name, (_, report) in diagnosed.items()
        for op in report.ops
        if op.verdict == "unverified"
    }
    assert reasons == UNVERIFIED


def test_every_finding_is_proven_or_names_its_rivals(diagnosed):
    found = [
        (name, finding) for name, (_, report) in diagnosed.items() for finding in report.findings
    ]
    assert len(found) >= 30
    for name, finding in found:
        assert (name, finding.code) not in ((name, "PAD998"), (name, "PAD999"))
        proof = finding.proof
        assert proof.residual == 0, (name, finding)
        assert proof.status == "proven" or (proof.status == "ambiguous" and proof.rivals), (
            name,
            finding,
        )
