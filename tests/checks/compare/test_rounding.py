"""How far two right models may lie apart, where one of them rounds more, or little can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

import padcheck
from padcheck.checks.compare import noise
from padcheck.checks.compare.noise import Noise
from padcheck.checks.compare.outputs import rounding, within_a_step
from padcheck.frameworks.onnx.network import open_network
from padcheck.frameworks.shaking import Shaker
from padcheck.records import EQUIVALENT, UNVERIFIED, OutputReport, Quantization
from tests.checks.compare.small import EIGHT, conv, model, node, weights

BYTES = Quantization(scale=1 / 256, zero_point=-128, low=-128, high=127)
Rounded = Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]


def dense(rounded: Rounded = lambda array: array, *, scale: float = 1.0) -> onnx.ModelProto:
    """A convolution that adds next to nothing to what a dense layer gives."""
    nodes = [
        conv("one", "x", "a"),
        node("Mul", ["a", "small"], ["b"]),
        node("Flatten", ["b"], ["f"]),
        node("MatMul", ["f", "w"], ["m"]),
        node("Flatten", ["x"], ["g"]),
        node("MatMul", ["g", "v"], ["n"]),
        node("Add", ["m", "n"], ["y"]),
    ]
    return model(
        nodes,
        EIGHT,
        ["y"],
        w_one=rounded(weights(4, 3, 3, 3)),
        small=np.float32(1e-4),
        w=rounded(weights(256, 10)),
        v=rounded(weights(192, 10)) * np.float32(scale),
    )


def to_half(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float16).astype(np.float32)


class TestShares:
    def test_a_dense_layer_is_rounded_as_the_convolution_is(self) -> None:
        report = padcheck.compare(dense(), dense(to_half))
        (output,) = report.end_to_end.outputs
        assert report.exit_code == 0
        assert 1e-5 < output.relative_l2 < output.bound / 2

    def test_a_dense_layer_alone_is_not(self) -> None:
        """Nothing says that the target rounds anything."""
        report = padcheck.compare(dense(), dense(scale=1.0005))
        assert report.exit_code == 1

    def test_it_is_no_licence(self) -> None:
        report = padcheck.compare(dense(), dense(to_half, scale=1.01))
        assert report.exit_code == 1


class TestShaken:
    def test_each_number_moves_by_its_share(self) -> None:
        array = np.array([[1.0, -2.0], [0.0, 4.0]], np.float32)
        moved = np.abs(Shaker(2.0**-10, 2.0**-8).shaken(array) - array)
        assert moved.tolist() == [[2.0**-10 + 2.0**-6, 2.0**-9 + 2.0**-6], [0, 2.0**-8 + 2.0**-6]]

    def test_a_vector_is_no_integer(self) -> None:
        array = np.ones(5, np.float32)
        assert np.array_equal(Shaker(0, 0.1).shaken(array), array)

    def test_another_seed_moves_it_otherwise(self) -> None:
        array = weights(8, 8)
        one, other = (Shaker(0.1, 0, seed).shaken(array) for seed in (0, 1))
        assert not np.array_equal(one, other)


class TestDraws:
    @pytest.mark.parametrize(("outputs", "draws"), [(1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
    def test_few_numbers_are_drawn_more_often(
        self, outputs: int, draws: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nodes = [conv("one", "x", "a", pads=[0, 0, 0, 0])]
        made = model(nodes, {"x": (1, 3, 3, 3)}, ["a"], w_one=weights(outputs, 3, 3, 3))
        network = open_network(made)
        feeds = {"x": np.ones((1, 3, 3, 3), np.float32)}
        seen: list[float] = []
        real = noise.distance

        def counted(*arrays: Any) -> Any:
            found = real(*arrays)
            seen.append(found.relative)
            return found

        monkeypatch.setattr(noise, "distance", counted)
        (bound,) = Noise(network, feeds).bounds(network.run(feeds)).values()
        assert len(seen) == draws
        assert draws == 1 or len(set(seen)) > 1
        assert bound == pytest.approx(noise.FACTOR * (2.0**-24 + np.sqrt(np.mean(np.square(seen)))))


class TestSteps:
    def test_rounding_of_an_output(self) -> None:
        array = np.array([0.25, 0.5], np.float32)
        assert rounding(array, BYTES) == 0
        assert rounding(array / 256, BYTES) == pytest.approx(1.0)
        assert rounding(np.array([2.0], np.float32), BYTES) == pytest.approx(0.501953125)

    def test_within_a_step(self) -> None:
        def judged(off: float, verdict: str = UNVERIFIED) -> OutputReport:
            return OutputReport(
                name="y",
                target_name="y",
                max_abs_diff=off,
                relative_l2=0.9,
                bound=3,
                verdict=verdict,
            )

        assert within_a_step(judged(1 / 256), BYTES).verdict == EQUIVALENT
        assert within_a_step(judged(1 / 250), BYTES).verdict == UNVERIFIED
        assert within_a_step(judged(0.0), None).verdict == UNVERIFIED
        assert within_a_step(judged(0.0, "mismatch"), BYTES).verdict == "mismatch"
