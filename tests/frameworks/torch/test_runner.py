"""PyTorch computes what its dialect says, and the dialect's code is what PyTorch runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import CONV, GRID, MAX, name_of, op

RUNNER = runner("torch")
DIALECT = dialect("torch")


@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec) -> None:
    assert_conforms(RUNNER, DIALECT, spec, "torch")


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_code_computes_the_op(spec: OpSpec) -> None:
    lowered = DIALECT.lower(spec, "torch")
    assert lowered.spec is not None
    case = example(spec)
    torch.manual_seed(0)
    with torch.no_grad():
        observed = _run_code(lowered.code, spec, case.x, case.weight, case.bias)
    if spec.kind is OpKind.LP_POOL:
        observed = observed**spec.p
    assert_computes(lowered.spec, case, observed, "; ".join(lowered.code))


def _run_code(code, spec, x, weight, bias):  # type: ignore[no-untyped-def]
    """Runs the lines as a user would, with the module given the weights."""

    class Layers:
        def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
            def make(*arguments, **keywords):  # type: ignore[no-untyped-def]
                layer = getattr(torch.nn, name)(*arguments, **keywords)
                if weight is not None:
                    layer.weight.copy_(torch.from_numpy(weight))
                    assert (layer.bias is None) == (bias is None)
                    if bias is not None:
                        layer.bias.copy_(torch.from_numpy(bias))
                return layer

            return make

    names = {"nn": Layers(), "F": torch.nn.functional, "torch": torch, "x": torch.from_numpy(x)}
    if not code[0].startswith(("x =", "mask =", "ones =")):
        assert len(code) == 1
        return eval(code[0], names)(names["x"]).numpy()
    for line in code:
        exec(line, names)
    return names["x"].numpy()


@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", [((1, 0), (0, 1)), ((2, 1), (1, 2))])
def test_border_modes(mode: str, pads: tuple[tuple[int, int], ...]) -> None:
    spec = op(CONV, (5, 6), 3, 1, pads=pads, pad_mode=mode)
    case = example(spec)
    observed = RUNNER.run(spec, "torch", case.x, case.weight, case.bias)
    around = np.pad(case.x, [(0, 0), (0, 0), *pads], mode=mode)  # type: ignore[call-overload]
    inner = op(CONV, around.shape[2:], 3)
    assert_computes(inner, type(case)(around, case.weight, None), observed, str(spec))


def test_a_mode_it_lacks_is_a_reason() -> None:
    lowered = DIALECT.lower(op(CONV, (5, 6), 3, pads=(1, 1), pad_mode="symmetric"), "torch")
    assert lowered.spec is None
    assert lowered.reason == "torch.nn.functional.pad has no mode for 'symmetric' pads"


def test_what_torch_refuses_is_a_framework_error() -> None:
    spec = op(MAX, (8, 8), 3, 2)
    with pytest.raises(FrameworkError, match=r"^torch 2\.\d+\.\d+: \w+Error: "):
        RUNNER.run(spec, "torch", np.zeros((2, 2, 1, 1), np.float32), None, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(MAX, (8, 8), 3, 2)
    with pytest.raises(UsageError, match="expected a lowering of torch but got 'tf_same'"):
        RUNNER.run(spec, "tf_same", np.zeros((2, 2, 8, 8), np.float32), None, None)


def test_read_only_and_strided_arrays_are_taken() -> None:
    spec = op(CONV, (8, 8), 3, 2, pads=(1, 1))
    case = example(spec)
    x = np.repeat(case.x, 2, axis=3)[..., ::2]
    x.flags.writeable = False
    observed = RUNNER.run(spec, "torch", x, case.weight, None)
    assert_computes(spec, case, observed, str(spec))


def test_versions() -> None:
    assert RUNNER.versions() == {"torch": torch.__version__.partition("+")[0]}
