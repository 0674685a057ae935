"""TensorFlow's converter in memory, and LiteRT's kernels on arrays of any size left open."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.converting import converted, interpreter, kernels, version
from padcheck.frameworks.loading import one_line


def shifted(x: tf.Tensor) -> tf.Tensor:
    """Zeros around each plane, without the far end."""
    return tf.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))[:, :-1, :-1]


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("shape", [(None, 3, 4, 2), (None, None, None, 2)])
def test_open_sizes_take_those_of_the_array(
    shape: tuple[int | None, ...], *, reference: bool
) -> None:
    run = kernels(converted(shifted, shape), reference=reference)
    sizes = [(1, 3, 4, 2), (3, 3, 4, 2)]
    sizes += [(2, 5, 2, 2)] if shape[1] is None else []
    for size in [*sizes, sizes[0]]:
        x = np.arange(1, np.prod(size) + 1, dtype=np.float32).reshape(size)
        expected = np.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))[:, :-1, :-1]
        np.testing.assert_array_equal(run(x), expected)


def test_only_reference_kernels_are_without_a_delegate() -> None:
    def doubled(x: tf.Tensor) -> tf.Tensor:
        return x * 2.0

    model = converted(doubled, (1, 2))
    ops = {}
    for reference in (False, True):
        made = interpreter(model, reference)
        made.allocate_tensors()
        ops[reference] = [op["op_name"] for op in made._get_ops_details()]
    assert ops == {False: ["MUL", "DELEGATE"], True: ["MUL"]}


def test_what_the_converter_says_is_its_first_error_alone() -> None:
    def pooled(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.max_pool3d(x, 2, 2, "VALID")

    with pytest.raises(Exception, match="op is neither") as caught:
        converted(pooled, (None, 4, 4, 4, 1))
    assert one_line(caught.value) == (
        "ConverterError: 'tf.MaxPool3D' op is neither a custom op nor a flex op"
    )


def test_what_a_function_raises_while_it_is_traced() -> None:
    def wrong(x: tf.Tensor) -> tf.Tensor:
        raise ValueError("no such op")

    with pytest.raises(ValueError, match=r"^no such op$"):
        converted(wrong, (1, 2))


def test_what_the_interpreter_says() -> None:
    run = kernels(converted(shifted, (None, 3, 4, 2)), reference=True)
    with pytest.raises(FrameworkError, match=rf"^litert {version()}: "):
        run(np.zeros((1, 3, 4), np.float32))
    with pytest.raises(FrameworkError, match=rf"^litert {version()}: ValueError: "):
        kernels(b"no model", reference=False)(np.zeros((1, 2), np.float32))
