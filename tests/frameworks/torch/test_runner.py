"""PyTorch computes what its dialect says, and the dialect's code is what PyTorch runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.frameworks.lowering import floor_pads
from padcheck.frameworks.torch.build import PAD_MODES
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    FILLED,
    GRID,
    MAX,
    TOO_WIDE,
    name_of,
    op,
)

RUNNER = runner("torch")
DIALECT = dialect("torch")
#: Crops beside border pads, pads as wide as F.pad takes and wider, averages that read a crop.
EDGES = [
    *(
        op(CONV, 4, 1, pads=pads, pad_mode=mode)
        for mode in ("edge", "reflect", "wrap")
        for pads in ((-1, 1), (2, -3), (-1, -1), (3, 3), (4, 0), (0, 5))
    ),
    op(CONV, 3, 1, pads=(0, 3), pad_mode="reflect"),
    op(CONV, (3, 4, 5), 2, pads=((-2, 3), (0, 0), (1, -1)), pad_mode="wrap"),
    *(
        op(AVERAGE, n, 3, 2, dilation, pads, **CEIL, **counted)
        for n, pads in ((6, (0, -2)), (5, (0, -1)), (8, (-1, -2)), (8, (1, -3)))
        for dilation in (1, 2)
        for counted in ({}, COUNTED)
        if n + sum(pads) >= 2 * dilation + 1
    ),
]


@pytest.mark.parametrize("spec", [*GRID, *FILLED, *TOO_WIDE, *EDGES], ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec) -> None:
    assert_conforms(RUNNER, DIALECT, spec, "torch")


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("spec", [*GRID, *FILLED, *TOO_WIDE, *EDGES], ids=name_of)
def test_code_computes_the_op(spec: OpSpec) -> None:
    lowered = DIALECT.lower(spec, "torch")
    if lowered.spec is None:
        return
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


@pytest.mark.parametrize("spec", [*GRID, *FILLED, *EDGES], ids=name_of)
def test_only_wide_pads_and_a_mode_it_lacks_are_refused(spec: OpSpec) -> None:
    lowered = DIALECT.lower(spec, "torch")
    widest = {"reflect": 1, "wrap": 0}.get(spec.pad_mode, -100)
    wide = any(
        max(pair) > n - widest for n, pair in zip(spec.input_size, floor_pads(spec), strict=True)
    )
    assert (lowered.spec is None) == (wide or spec.pad_mode == "symmetric")


@pytest.mark.parametrize(("mode", "widest"), [("reflect", 3), ("wrap", 4)])
def test_pads_too_wide_are_a_reason_and_torch_refuses_them(mode: str, widest: int) -> None:
    x = torch.ones((1, 1, 4))
    name = PAD_MODES[mode]
    assert torch.nn.functional.pad(x, (widest, 0), mode=name).shape[-1] == 4 + widest
    with pytest.raises(RuntimeError, match=r"[Pp]adding"):
        torch.nn.functional.pad(x, (widest + 1, 0), mode=name)
    spec = op(CONV, 4, 1, pads=(widest + 1, 0), pad_mode=mode)
    reason = DIALECT.lower(spec, "torch").reason
    assert reason == f"{mode} pads of an input of 4 are {widest} wide at most, here {widest + 1}"
    case = example(spec)
    with pytest.raises(FrameworkError, match=f": {reason}$"):
        RUNNER.run(spec, "torch", case.x, case.weight, None)


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
