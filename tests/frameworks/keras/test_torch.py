"""Keras on torch computes what its dialect says, but for what is known of it.

In processes of their own: the backend of this one is TensorFlow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.frameworks.worker import Worker
from padcheck.geometry import SAME_LOWER, SAME_UPPER
from padcheck.records import OpSpec
from tests.frameworks.brute import example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.divergence import assert_as_known
from tests.frameworks.grid import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    FILLED,
    GRID,
    LP,
    MAX,
    TOO_WIDE,
    TRANSPOSED,
    name_of,
    op,
)
from tests.support import ROOT

DIALECT = dialect("keras_torch_same")

#: Average pools whose SAME total is odd on an axis, and one that it is even on.
MORE = [
    op(AVERAGE, (8, 9), 4, 2, 1, SAME_UPPER),
    op(AVERAGE, (8, 9), 5, 3, 1, SAME_UPPER),
    op(AVERAGE, (8, 9), (3, 5), (2, 1), 1, SAME_UPPER),
    op(AVERAGE, (8, 10), (3, 1), 2, 1, SAME_UPPER),
    op(AVERAGE, 13, 4, 2, 1, SAME_UPPER),
    op(AVERAGE, (5, 6, 7), 3, 2, 1, SAME_UPPER),
    op(AVERAGE, (9, 9), 3, 2, 1, SAME_UPPER),
]

#: keras 3.15.1 with torch 2.13.0
SAME_DIVERGES = {
    # AveragePooling with an odd total on any axis repeats the edge into all its pads and counts
    # them, though averages leave pads out
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER): "values",
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_LOWER): "values",
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2)), **COUNTED): "values",
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2))): "values",
    op(AVERAGE, (8, 9), 4, 1, pads=SAME_UPPER): "values",
    op(AVERAGE, (9, 9), 4, 3, pads=(0, 1), **COUNTED, **CEIL): "values",
    op(AVERAGE, 12, 3, 2, pads=(1, 1)): "values",
    op(AVERAGE, 12, 3, 2, pads=(0, 1), **COUNTED): "values",
    op(AVERAGE, 12, 3, 2, **CEIL): "values",
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(1, 1)): "values",
    op(AVERAGE, (6, 6), 3, 2, pads=(-1, 2), **COUNTED): "values",
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(0, 1), **COUNTED, **CEIL): "values",
    **dict.fromkeys(MORE[:-1], "values"),
    # torch's avg_pool3d refuses an input shorter than its window, whatever the pads
    op(AVERAGE, (2, 2, 2), 3, pads=(1, 1)): "raises",
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("keras_torch") as made:
        yield made


@pytest.mark.parametrize("spec", [*GRID, *MORE], ids=name_of)
def test_same_is_what_its_dialect_says_but_for_what_is_known(worker: Worker, spec: OpSpec) -> None:
    assert_as_known(worker, DIALECT, spec, "keras_torch_same", SAME_DIVERGES)


@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_zeropad_valid_is_what_its_dialect_says(worker: Worker, spec: OpSpec) -> None:
    assert_conforms(worker, DIALECT, spec, "keras_torch_zeropad_valid")


@pytest.mark.parametrize("spec", [*GRID, *FILLED, *TOO_WIDE], ids=name_of)
def test_pad_valid_is_the_op_itself(worker: Worker, spec: OpSpec) -> None:
    assert_conforms(worker, DIALECT, spec, "keras_torch_pad_valid")


def test_what_is_known_is_run() -> None:
    assert set(SAME_DIVERGES) <= {*GRID, *MORE}


@pytest.fixture(scope="module")
def coded() -> dict[str, Any]:
    """What came of the dialect's code, see `torch_code`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.frameworks.keras.torch_code"],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_code_computes_the_op_but_for_what_is_known(coded: dict[str, Any]) -> None:
    wrong = {name: {GRID[i] for i in indices} for name, indices in coded["code"].items()}
    assert wrong == {
        "keras_torch_same": set(SAME_DIVERGES) - set(MORE),
        "keras_torch_zeropad_valid": set(),
        "keras_torch_pad_valid": set(),
    }


def test_tensorflow_is_not_needed(coded: dict[str, Any], worker: Worker) -> None:
    assert (coded["backend"], coded["tensorflow"]) == ("torch", False)
    assert set(worker.versions()) == {"keras", "torch"}


def test_another_backend_is_a_framework_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert keras.backend.backend() == "tensorflow"
    line = r"^keras \S+: runs on the tensorflow backend \(set KERAS_BACKEND=torch\)$"
    made = runner("keras_torch")
    with pytest.raises(FrameworkError, match=line):
        made.versions()
    spec = op(MAX, (8, 8), 3)
    with pytest.raises(FrameworkError, match=line):
        made.run(spec, "keras_torch_same", example(spec).x, None, None)
    assert "KERAS_BACKEND" not in os.environ


def test_one_channel_onto_one_column(worker: Worker) -> None:
    """A batch of 2, one input channel, an output one wide and a stride along it.

    torch 2.13.0 loses taps of every second row of it with oneDNN, which it uses where the CPU
    suits, in memory_format channels_last, which Keras converts to; a third answer would be news.
    """
    spec = op(CONV, (4, 3), 3, (1, 2), channels=(1, 1))
    x = np.arange(1, 25, dtype=np.float32).reshape(2, 1, 4, 3)
    centre = np.float32([0, 0, 0, 0, 1, 0, 0, 0, 0]).reshape(1, 1, 3, 3)
    y = worker.run(spec, "keras_torch_zeropad_valid", x, centre).ravel().tolist()
    right, with_onednn = [5.0, 8.0, 17.0, 20.0], [5.0, 0.0, 17.0, 0.0]
    assert y in (right, with_onednn)


def test_its_lowerings_are_its_own(worker: Worker) -> None:
    spec = op(MAX, (8, 8), 3)
    message = (
        r"expected a lowering of keras_torch_same, .*, keras_torch_pad_valid but got 'tf_same'"
    )
    with pytest.raises(UsageError, match=message):
        worker.run(spec, "tf_same", example(spec).x)


@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_the_rules_are_those_of_keras_on_tensorflow(spec: OpSpec) -> None:
    for theirs, ours in zip(dialect("tf_same").lowerings, DIALECT.lowerings, strict=True):
        promised, lowered = dialect(theirs).lower(spec, theirs), DIALECT.lower(spec, ours)
        if lowered.spec is not None:
            assert lowered.spec == promised.spec


@pytest.mark.parametrize(
    ("spec", "lowering", "code"),
    [
        (
            op(CONV, (9, 9), 3, 2, 2, (1, 1), channels=(2, 4), bias=True),
            "keras_torch_zeropad_valid",
            (
                "x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)",
                'x = ops.conv(x, kernel, strides=(2, 2), padding="valid", dilation_rate=(2, 2))',
                "x = x + bias",
            ),
        ),
        (
            op(TRANSPOSED, 5, 3, 2, channels=(4, 2), group=2),
            "keras_torch_same",
            (
                "parts = ops.split(x, 2, axis=-1)",
                'x = ops.concatenate([layers.Conv1DTranspose(1, 3, strides=2, padding="same", '
                "use_bias=False)(part) for part in parts], axis=-1)",
            ),
        ),
        (
            op(LP, 12, 3, p=3, channels=(2, 2)),
            "keras_torch_same",
            (
                "x = ops.abs(x) ** 3",
                'x = layers.DepthwiseConv1D(3, strides=1, padding="same", '
                'depthwise_initializer="ones", use_bias=False)(x)',
                "x = x ** (1 / 3)",
            ),
        ),
    ],
)
def test_code(spec: OpSpec, lowering: str, code: tuple[str, ...]) -> None:
    assert DIALECT.lower(spec, lowering).code == code


def test_repair() -> None:
    spec = op(AVERAGE, (8, 8), 3, 2, pads=(1, 1))
    assert DIALECT.lower(spec, "keras_torch_zeropad_valid").repair == (
        "mask = ops.ones_like(x)",
        "mask = layers.ZeroPadding2D(((1, 1), (1, 1)))(mask)",
        'mask = layers.AveragePooling2D(3, strides=2, padding="valid")(mask)',
        "x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)",
        'x = layers.AveragePooling2D(3, strides=2, padding="valid")(x)',
        "x = x / mask",
    )


@pytest.mark.parametrize(
    ("n", "mode", "lines", "note"),
    [
        (
            8,
            "reflect",
            ("pads = ((0, 0), (2, 1), (0, 0))", 'x = ops.pad(x, pads, mode="reflect")'),
            None,
        ),
        (
            8,
            "symmetric",
            ('x = ops.take(x, indices=np.pad(range(8), (2, 1), "symmetric"), axis=1)',),
            "on torch ops.pad repeats the edge for symmetric pads; `ops.take` mirrors it",
        ),
        (
            (8, 4, 4),
            "reflect",
            ('x = ops.take(x, indices=np.pad(range(8), (2, 1), "reflect"), axis=1)',),
            "ops.pad has no reflect pads here; `ops.take` repeats the inputs",
        ),
    ],
)
def test_border_modes(n: Any, mode: str, lines: tuple[str, ...], note: str | None) -> None:
    spec = op(CONV, n, 3, pads=(2, 1), pad_mode=mode)
    lowered = DIALECT.lower(spec, "keras_torch_pad_valid")
    assert lowered.code[: len(lines)] == lines
    assert lowered.notes == (() if note is None else (note,))


def test_ops_pad_still_repeats_the_edge_for_symmetric(coded: dict[str, Any]) -> None:
    """Why `ops.take` mirrors it [keras 3.15.1; github.com/keras-team/keras/pull/23230].

    Fails where a release has mended it: the workaround can go then.
    """
    assert coded["symmetric"] == [2.0, 2.0, 2.0, 3.0, 4.0]


def test_a_dilated_pool_is_a_reason() -> None:
    spec = op(MAX, (13, 12), 3, 1, 2)
    for lowering in DIALECT.lowerings:
        reason = DIALECT.lower(spec, lowering).reason
        assert reason == "Keras pooling layers have no dilation, nor has keras.ops"
