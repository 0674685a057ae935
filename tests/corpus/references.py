"""What a spec asks for, from the arguments of padcheck's builders, by the corpus's own engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.corpus import engine, resizing

Box = Callable[..., np.ndarray]


def reference(kind: str, arguments: dict[str, Any]) -> Box:
    """The right box for `padcheck.<kind>(**arguments)`."""
    given = dict(arguments)
    if kind == "resize":
        how = (given.get("mode", "linear"), given.get("coordinates", "half_pixel"))
        return resizing.own(given["output_size"], *how)
    rank = len(given.pop("input_size"))
    kernel = engine.per_axis(given.pop("kernel_size"), rank)
    rules = rule_of(given.pop("pads", 0))
    mode = given.pop("pad_mode", "constant")
    steps = {"stride": given.pop("stride", 1), "dilation": given.pop("dilation", 1)}
    if kind == "conv":
        op = _conv(rules, mode, steps, given)
    elif kind == "conv_transpose":
        op = _transposed(rules, steps, given)
    else:
        op = _pool(kind, kernel, rules, mode, steps, given)
    return _followed(op, given.get("epsilon"), given.get("activation"))


def rule_of(pads: Any) -> Any:
    """A builder's `pads` as the engine's rules."""
    if isinstance(pads, str):
        return engine.WORDS[pads]
    return pads if isinstance(pads, int) else list(pads)


def _conv(rules: Any, mode: str, steps: dict[str, Any], given: dict[str, Any]) -> Box:
    group = given.get("group", 1)
    return lambda x, w, b=None: engine.conv(x, w, b, pads=rules, mode=mode, group=group, **steps)


def _pool(
    kind: str, kernel: Any, rules: Any, mode: str, steps: dict[str, Any], given: dict[str, Any]
) -> Box:
    how: dict[str, Any] = {**steps, "kernel": kernel, "pads": rules, "mode": mode}
    how["ceil"] = given.get("ceil_mode", False)
    if kind == "average_pool":
        how["counted"] = given.get("count_include_pad", False)
    if kind == "lp_pool":
        how["p"] = given.get("p", 2)
    op = getattr(engine, kind)
    return lambda x: op(x, **how)


def _transposed(rules: Any, steps: dict[str, Any], given: dict[str, Any]) -> Box:
    group = given.get("group", 1)

    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        rank = x.ndim - 2
        crops = crops_of(rules, x.shape[2:], w.shape[2:], steps, given, rank)
        return engine.conv_transpose(x, w, b, crops=crops, group=group, **steps)

    return box


def crops_of(
    rules: Any, sizes: Any, kernel: Any, steps: dict[str, Any], given: dict[str, Any], rank: int
) -> engine.Pairs:
    """Crops: given, or worked out from an output shape or SAME; output_padding lengthens."""
    stride, dilation = (engine.per_axis(steps[name], rank) for name in ("stride", "dilation"))
    extra = engine.per_axis(given.get("output_padding", 0), rank)
    shape = given.get("output_shape")
    if shape is None and callable(rules):
        lower = rules is engine.same_lower
        return [
            _same(n, k, s, d, lower)
            for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
        ]
    if shape is None:
        pairs = engine.pairs_of(rules, sizes, kernel, stride, dilation)
        return [(b, a - more) for (b, a), more in zip(pairs, extra, strict=True)]
    made = []
    for n, k, s, d, more, wanted in zip(
        sizes, kernel, stride, dilation, extra, engine.per_axis(shape, rank), strict=True
    ):
        full = (n - 1) * s + (k - 1) * d + 1
        total = max(full + more - wanted, 0)
        before = total // 2 if rules is engine.same else total - total // 2
        made.append((before, full - wanted - before))
    return made


def _same(n: int, k: int, s: int, d: int, lower: bool) -> tuple[int, int]:
    before, after = engine.same_crops(n, k, s, d)
    return (after, before) if lower and after > before else (before, after)


def _followed(op: Box, epsilon: float | None, activation: str | None) -> Box:
    """A batch normalization in its initial state, then an activation."""

    def box(*arrays: np.ndarray) -> np.ndarray:
        y = op(*arrays)
        if epsilon is not None:
            y = (y.astype(np.float64) / np.sqrt(1.0 + epsilon)).astype(np.float32)
        if activation is not None:
            y = np.clip(y, 0, {"relu": np.inf, "relu6": 6}[activation])
        return y

    return box
