"""Whole models: onnx's own and torch's exports."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest

from padcheck import oracle
from padcheck.frameworks.onnx.reader import read_model
from padcheck.geometry import explicit
from padcheck.records import OpKind
from tests.frameworks.onnx.reader_models import node_cases
from tests.support import FIXTURES

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

SITES = {
    "bvlc_alexnet": 8,
    "densenet121": 125,
    "inception_v1": 71,
    "inception_v2": 82,
    "resnet50": 55,
    "shufflenet": 54,
    "squeezenet": 29,
    "vgg19": 21,
    "zfnet512": 8,
}


@pytest.mark.parametrize(("name", "count"), SITES.items())
def test_light_models(name, count):
    sites = read_model(LIGHT / f"light_{name}.onnx").sites
    assert len(sites) == count
    assert [site.reason for site in sites if site.reason] == []
    assert not any(site.is_dynamic for site in sites)
    assert len({site.name for site in sites}) == count


def test_light_resnet_at_another_size():
    """The Reshape after it no longer fits; what is before it must be worked out all the same."""
    read = read_model(
        LIGHT / "light_resnet50.onnx", input_shapes={"gpu_0/data_0": (1, 3, 225, 225)}
    )
    assert not any(site.is_dynamic for site in read.sites)
    assert [site.spec.input_size[0] for site in read.sites[:3]] == [225, 113, 57]
    assert read.inputs == {"gpu_0/data_0": (1, 3, 225, 225)}


@pytest.fixture(scope="module")
def onnx_cases():
    return node_cases()


def test_onnx_node_tests(onnx_cases):
    """Sizes against those of onnx's expected outputs; none is known to differ."""
    assert len(onnx_cases) >= 60
    wrong = []
    for name, case in onnx_cases.items():
        (site,) = read_model(case.model).sites
        _, outputs = case.data_sets[0]
        if site.spec is None or site.spec.output_size != outputs[0].shape[2:] or site.is_dynamic:
            wrong.append((name, site.reason, str(site.spec), outputs[0].shape))
    assert wrong == []


def test_onnx_node_tests_by_value(onnx_cases):
    """The numbers of onnx's expected outputs (four digits in places) out of the spec's taps."""
    wrong, compared = [], 0
    for name, case in onnx_cases.items():
        (site,) = read_model(case.model).sites
        inputs, outputs = case.data_sets[0]
        if len(case.model.graph.node) > 1 or site.op_type in ("ConvInteger", "QLinearConv"):
            continue
        made = oracle.evaluate(site.spec, *(one.astype(np.float64) for one in inputs))
        observed = made.numerator / made.divisor
        if site.spec.kind is OpKind.LP_POOL:
            observed = observed ** (1 / site.spec.p)
        compared += 1
        if not np.allclose(observed, outputs[0], rtol=1e-4, atol=1e-4):
            wrong.append((name, str(site.spec)))
    assert wrong == []
    assert compared >= 60


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.onnx")), ids=lambda path: path.stem)
def test_fixtures(path):
    read = read_model(path)
    reasons = [site.reason for site in read.sites if site.reason]
    if "tf_pads_dynamic" in str(path):  # the amounts are worked out from the input's size
        assert reasons
        assert all("give the shape with --input-shape" in reason for reason in reasons)
    else:
        assert reasons == []
    open_inputs = {
        name: [size if isinstance(size, int) else 65 for size in dims]
        for name, dims in read.inputs.items()
        if not all(isinstance(size, int) for size in dims)
    }
    assert any(site.is_dynamic for site in read.sites) is bool(open_inputs)
    given = read_model(path, input_shapes=open_inputs)
    assert [site.reason for site in given.sites if site.reason] == []
    assert not any(site.is_dynamic for site in given.sites)
    notes = [note for site in given.sites for note in site.notes]
    assert [note for note in notes if "0 never exceeds what Relu gives" not in note] == []


# torch's two exporters


@pytest.fixture(scope="module")
def padded_module():
    import torch

    class Padded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3, stride=2)
            self.pool = torch.nn.MaxPool2d(3, 2)

        def forward(self, x):
            x = self.conv(torch.nn.functional.pad(x, (0, 1, 2, 3)))
            return self.pool(torch.nn.functional.pad(x, (0, 1, 0, 1), value=-9.0))

    return Padded().eval()


@pytest.mark.parametrize("dynamo", [True, False])
def test_torch_exports(padded_module, dynamo, tmp_path):
    import torch

    path = tmp_path / "padded.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            padded_module, (torch.zeros(1, 3, 16, 16),), str(path), dynamo=dynamo, verbose=False
        )
    conv, pool = read_model(path).sites
    assert conv.spec.input_size == (16, 16)
    assert conv.spec.pads == (explicit(2, 3), explicit(0, 1))
    assert (conv.notes, pool.notes) == ((), ())
    assert pool.folded != ()
    assert pool.spec.input_size == (10, 8)
    assert pool.spec.pads == (explicit(0, 1), explicit(0, 1))
    assert pool.spec.pad_value == -9.0
