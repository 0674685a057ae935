"""Measures the speed and memory bars as ratios against the bare work, in one run.

    python scripts/bench.py            # every bar
    python scripts/bench.py --only static

Whole processes are timed from outside, the best of several; memory is the process's own peak.
A process starts with the peak of the one that spawns it, so a bare one stands between.
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_models import resnet50
from bench_processes import QUIET, ROOT, Row, best, process, ratio

SCRIPTS = str(ROOT / "scripts")


def imports(_: str) -> Iterator[Row]:
    bare, loaded = best(15, ("-c", "pass"), ("-c", "import padcheck"))
    cost = 1000 * (loaded[0] - bare[0])
    yield Row("import padcheck, over bare Python", f"{cost:.1f} ms", "<= 50 ms", cost <= 50)


def static(folder: str) -> Iterator[Row]:
    model = resnet50(folder)
    size = os.path.getsize(model) / 2**20
    load, run = best(
        9,
        ("-c", f"import onnx; onnx.load({model!r})"),
        ("-m", "padcheck", "diagnose", model, "--static"),
    )
    what = f"static diagnose of {size:.0f} MiB, against onnx.load"
    yield ratio(f"{what}: time", run[0], load[0], 1.6)
    yield ratio(f"{what}: memory", run[1], load[1], 1.3, "MiB")


def measured(folder: str) -> Iterator[Row]:
    model = resnet50(folder)
    bare, run = best(
        5,
        ("-c", f"import torch, tensorflow, onnx; onnx.load({model!r})"),
        ("-m", "padcheck", "diagnose", model),
    )
    what = "measured diagnose of a ResNet-50, against imports and load"
    yield ratio(what, run[0], bare[0], 1.25)


#: Loads two models, and runs each once on the same numbers.
BARE = """
import sys
import numpy as np
import onnxruntime
x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {session.get_inputs()[0].name: x})
x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
"""
BARE_KERAS = """
import keras
np.asarray(keras.saving.load_model(sys.argv[2], compile=False)(x))
"""
BARE_TFLITE = """
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[2])
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
interpreter.invoke()
interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
"""


def make_pairs(folder: str, more: str = "") -> None:
    """Writes them in a process of its own, since it loads every framework."""
    made = f"import sys; sys.path.insert(0, {SCRIPTS!r}); from bench_models import write_pairs"
    process("-c", f"{made}; write_pairs({folder!r}{more})")


def compared(folder: str) -> Iterator[Row]:
    """Equal models, and one that pads otherwise: the first divergence and the proof included."""
    make_pairs(folder)
    source = os.path.join(folder, "resnet.onnx")
    for form, loaded in (("keras", BARE_KERAS), ("tflite", BARE_TFLITE)):
        for kind in ("right", "same"):
            target = os.path.join(folder, f"{kind}.{form}")
            bare, run = best(
                5,
                ("-c", BARE + loaded, source, target),
                ("-m", "padcheck", "compare", source, target),
            )
            what = f"compare a ResNet-18 with {kind}.{form}, against running both"
            yield ratio(f"{what}: time", run[0], bare[0], 1.3)
            yield ratio(f"{what}: memory", run[1], bare[1], 1.3, "MiB")


#: A test file that calls padcheck once, without the plugin's help.
DIRECT = """
import padcheck

def test_same_model():
    padcheck.compare({source!r}, {target!r})
"""


def plugin(folder: str) -> Iterator[Row]:
    """The plugin's import; one item per op against one test that makes the same report."""
    bare, loaded = best(15, ("-c", "import pytest"), ("-c", "import padcheck.pytest_plugin"))
    cost = 1000 * (loaded[0] - bare[0])
    yield Row("import the pytest plugin, over pytest", f"{cost:.1f} ms", "<= 50 ms", cost <= 50)
    make_pairs(folder, ", blocks=6")
    source = os.path.join(folder, "resnet.onnx")
    pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder)
    empty = Path(folder) / "test_empty.py"
    empty.write_text("def test_nothing():\n    pass\n")
    for form in ("keras", "tflite"):
        target = os.path.join(folder, f"same.{form}")
        direct = Path(folder) / f"test_{form}.py"
        direct.write_text(DIRECT.format(source=source, target=target))
        models = (f"--padcheck-model={source}", f"--padcheck-against={target}")
        one, items, nothing, two, nothing_two = best(
            3,
            (*pytest, str(direct)),
            (*pytest, *models, str(empty)),
            (*pytest, str(empty)),
            (*pytest, *models, "-n2", str(empty)),
            (*pytest, "-n2", str(empty)),
        )
        what = f"one item per op, 53 ops, same.{form}"
        yield ratio(f"{what}, against one test", items[0], one[0], 1.2)
        ours, without = two[0] - nothing_two[0], items[0] - nothing[0]
        yield ratio(f"{what}, -n 2 against none, without pytest's own", ours, without, 1.2)


def grid(sizes: range = range(5, 33)) -> list[Any]:
    """2-D convolutions: n of `sizes`, k 1..7, s 1..4, half padding."""
    from padcheck.geometry import explicit
    from padcheck.records import OpKind, OpSpec

    return [
        OpSpec(
            kind=OpKind.CONV,
            input_size=(n, n),
            kernel_size=(k, k),
            stride=(s, s),
            dilation=(1, 1),
            pads=(explicit((k - 1) // 2, (k - 1) // 2),) * 2,
        )
        for n, k, s in itertools.product(sizes, range(1, 8), range(1, 5))
    ]


def predicted(_: str) -> Iterator[Row]:
    from padcheck.checks.sweep import predict, predict_axis
    from padcheck.geometry import Window

    points = [
        (n, Window(k, s), ((k - 1) // 2, (k - 1) // 2))
        for n, k, s in itertools.product(range(5, 405), range(1, 8), range(1, 5))
    ]
    seconds = min(timed(lambda: [predict_axis(*point) for point in points]) for _ in range(5))
    rate = len(points) / seconds
    what = "predicted verdicts, one axis each, one core"
    yield Row(what, f"{rate:,.0f} / s", ">= 100,000 / s", rate >= 1e5)
    specs = grid(range(5, 105))
    seconds = min(timed(lambda: list(predict(specs))) for _ in range(5))
    rate = len(specs) / seconds
    what = f"the same, {len(specs)} square 2-D convolutions"
    yield Row(what, f"{rate:,.0f} / s", ">= 100,000 / s", rate >= 1e5)


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def sweep(_: str) -> Iterator[Row]:
    os.environ.update(QUIET)
    from padcheck.checks.sweep import measure

    specs = grid()
    arrays = bare_arrays(specs)
    list(measure(specs[:200]))
    bare_calls(arrays[:200])
    ours, bare = math.inf, math.inf
    for _ in range(5):
        ours = min(ours, timed(lambda: list(measure(specs))))
        bare = min(bare, timed(lambda: bare_calls(arrays)))
    yield ratio(f"measured sweep of {len(specs)}, against the bare calls", ours, bare, 1.3)
    some = specs[::40]
    models = timed(lambda: [keras_models(spec) for spec in some]) / len(some)
    faster = models / (ours / len(specs))
    text = f"{faster:.0f} x faster"
    yield Row("the same, against a Keras model per geometry", text, ">= 50 x", faster >= 50)


def bare_arrays(specs: list[Any]) -> list[tuple[Any, ...]]:
    """Torch and tensorflow tensors of every geometry, with its numbers."""
    import numpy as np
    import tensorflow as tf
    import torch

    rows = []
    generator = np.random.default_rng(0)
    for spec in specs:
        x = generator.integers(-4, 5, (1, 2, *spec.input_size)).astype(np.float32)
        w = generator.integers(-4, 5, spec.weight_shape).astype(np.float32)
        tensors = (torch.from_numpy(x), torch.from_numpy(w))
        last = (tf.constant(x.transpose(0, 2, 3, 1)), tf.constant(w.transpose(2, 3, 1, 0)))
        rows.append((*tensors, *last, spec.stride[0], spec.pad_before[0]))
    return rows


def bare_calls(rows: list[tuple[Any, ...]]) -> None:
    """The three framework calls of a geometry, and nothing else."""
    import tensorflow as tf
    import torch

    for x, w, x_last, w_last, s, p in rows:
        torch.nn.functional.conv2d(x, w, stride=s, padding=p).numpy()
        tf.nn.conv2d(x_last, w_last, s, "SAME").numpy()
        padded = tf.pad(x_last, [[0, 0], [p, p], [p, p], [0, 0]])
        tf.nn.conv2d(padded, w_last, s, "VALID").numpy()


def keras_models(spec: Any) -> None:
    """A Keras model of each lowering, built and called, and the torch module."""
    import keras
    import numpy as np
    import torch

    (n, _), (k, _), (s, _), p = spec.input_size, spec.kernel_size, spec.stride, spec.pad_before[0]
    x = np.ones((1, n, n, 2), np.float32)
    torch.nn.Conv2d(2, 3, k, stride=s, padding=p)(torch.ones(1, 2, n, n))
    builds = (
        [keras.layers.Conv2D(3, k, strides=s, padding="same")],
        [keras.layers.ZeroPadding2D(p), keras.layers.Conv2D(3, k, strides=s, padding="valid")],
    )
    for layers in builds:
        keras.Sequential([keras.Input((n, n, 2)), *layers]).predict(x, verbose=0)


def called(_: str) -> Iterator[Row]:
    """The slowest of some faults in PyTorch's convolution, with padcheck's default channels."""
    import padcheck

    spec = padcheck.conv(input_size=(224, 224), kernel_size=3, stride=2, pads=1, bias=True)
    times = {}
    for name, fault in faults().items():
        padcheck.check_callable(spec, fault)
        times[name] = min(timed(lambda box=fault: checked(spec, box)) for _ in range(3))
    slowest = max(times, key=times.__getitem__)
    seconds = times[slowest]
    what = f"check_callable, 224x224 conv ({slowest})"
    yield Row(what, f"{seconds:.2f} s", "<= 0.5 s", seconds <= 0.5)


def checked(spec: Any, fault: Callable[..., Any]) -> None:
    import padcheck

    if padcheck.check_callable(spec, fault).verdict != "mismatch":
        raise SystemExit("failed: a fault was not seen")


def faults() -> dict[str, Callable[..., Any]]:
    """Name -> a convolution k3 s2 p1 with one thing wrong: (x, weight, bias) -> array."""
    import numpy as np
    import torch

    functional = torch.nn.functional

    def conv(x: Any, weight: Any, bias: Any, pads: tuple[int, ...] = (1, 1, 1, 1), **how: Any):
        padded = functional.pad(torch.from_numpy(x), pads, mode=how.pop("mode", "constant"))
        tensors = (torch.from_numpy(np.ascontiguousarray(array)) for array in (weight, bias))
        return functional.conv2d(padded, *tensors, **{"stride": 2, **how}).numpy()

    return {
        "pads after": lambda *given: conv(*given, pads=(0, 1, 0, 1)),
        "pads after on one axis": lambda *given: conv(*given, pads=(1, 1, 0, 1)),
        "no pads": lambda *given: conv(*given, pads=(0, 0, 0, 0)),
        "dilated": lambda *given: conv(*given, pads=(2, 2, 2, 2), dilation=2),
        "reflected border": lambda *given: conv(*given, mode="reflect"),
        "kernel flipped": lambda x, weight, bias: conv(x, weight[..., ::-1, ::-1], bias),
        "bias lost": lambda x, weight, bias: conv(x, weight, 0 * bias),
        "bias lost, pads after": lambda x, weight, bias: conv(x, weight, 0 * bias, (0, 1, 0, 1)),
        "axes exchanged": lambda x, *rest: conv(x.swapaxes(2, 3).copy(), *rest),
        "random": lambda *given: np.random.default_rng(0).permuted(conv(*given)),
    }


BARS: dict[str, Callable[[str], Iterator[Row]]] = {
    "imports": imports,
    "callable": called,
    "static": static,
    "predicted": predicted,
    "sweep": sweep,
    "measured": measured,
    "compare": compared,
    "plugin": plugin,
}


def main() -> None:
    compileall.compile_dir(ROOT / "padcheck", quiet=1)  # as an installed package is
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=BARS, help="one group of bars")
    wanted = parser.parse_args().only
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, bar in BARS.items():
            if wanted not in (None, name):
                continue
            for row in bar(folder):
                failed |= not row.holds
                mark = "ok" if row.holds else "MISSED"
                print(f"{row.what:<66} {row.measured:<28} {row.bar:<14} {mark}", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
