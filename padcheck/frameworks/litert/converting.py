"""A function of TensorFlow through its converter to LiteRT, and the model on LiteRT's kernels."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.tf_ops import tensorflow

if TYPE_CHECKING:
    import numpy as np

__all__ = ["converted", "interpreter", "kernels", "output", "version"]

#: The first error that MLIR tells of, after its place.
_SAID = re.compile(r": error: (?:loc\(.*\): )?(.+)")


def converted(function: Callable[..., Any], shape: tuple[int | None, ...]) -> bytes:
    """The model's bytes: `function`, a Keras model among others, of one tensor of `shape`.

    None leaves a size open. No optimizations, LiteRT's builtin ops alone. The path through a
    SavedModel, which `from_keras_model` takes, writes files and takes four times as long; the
    ops are the same [tensorflow 2.21.0].

    Raises what TensorFlow raises; of what MLIR says, its first error alone.
    """
    tf = tensorflow()
    signature = [tf.TensorSpec(shape, tf.float32)]
    traced = tf.function(function, autograph=False, input_signature=signature)
    functions = [traced.get_concrete_function()]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(functions)
    try:
        return cast(bytes, converter.convert())
    except Exception as error:
        said = _SAID.search(str(error))  # the rest tells where, down to lines of Python
        if said is None:
            raise
        raise type(error)(said[1]) from error


def kernels(model: bytes, *, reference: bool) -> Callable[[np.ndarray], np.ndarray]:
    """The model as a function of x (N, *spatial, C), of any size that the model leaves open.

    `reference`: on LiteRT's reference kernels, else on the default ones, XNNPACK where it takes
    the op. The function raises FrameworkError for whatever the interpreter raises.
    """

    def run(x: np.ndarray) -> np.ndarray:
        with translated("litert", version()):
            return output(interpreter(model, reference), x)

    return run


def version() -> str:
    """LiteRT's version; loads it."""
    return str(import_framework("ai_edge_litert", extra="litert").__version__)


def interpreter(model: bytes, reference: bool) -> Any:
    """An interpreter of one thread, on the default or on the reference kernels."""
    module = import_framework("ai_edge_litert.interpreter", extra="litert")
    resolvers = module.OpResolverType
    return module.Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=resolvers.BUILTIN_REF if reference else resolvers.AUTO,
    )


def output(interpreter: Any, values: np.ndarray) -> np.ndarray:
    """What an interpreter gives for the values of its one input, which takes their shape."""
    taken = interpreter.get_input_details()[0]
    if tuple(taken["shape"]) != values.shape:
        interpreter.resize_tensor_input(taken["index"], values.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], values)
    interpreter.invoke()
    found: np.ndarray = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return found
