"""The kinds of things that converters return, and how each is run: one input, one output."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework, is_installed, one_line
from padcheck.frameworks.quiet import muted
from padcheck.frameworks.returned.layouts import Shape

__all__ = ["Code", "Opened", "opened"]

_KERAS = ("keras.", "tf_keras.")
_TORCH = "torch.nn.modules.module.Module"
_EXPORTED = "torch.export.exported_program.ExportedProgram"
_KNOWN = (
    "a keras.Model, a torch.nn.Module, a function or module of TensorFlow, the bytes of a "
    ".tflite, an onnx.ModelProto or a function on arrays"
)


@dataclass(frozen=True, slots=True)
class Code:
    """How a script runs `converted`: `call` is an expression of {x}, an array in the layout of
    the model, and needs `imports` and `lines`.
    """

    call: str
    imports: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model at hand: `call` takes one array in the layout of the model and gives what the model
    returns. The shapes are those that it declares, None where it declares none.
    """

    call: Callable[[Any], Any]
    code: Code
    input_shape: Shape | None = None
    output_shape: Shape | None = None


def opened(returned: Any) -> Opened:
    """What a converter returned, ready to be run; nothing is run yet.

    A keras.Model, a torch.nn.Module (set to eval) or ExportedProgram, a tf.function, a
    ConcreteFunction, a loaded SavedModel, a callable tf.Module, the bytes of a .tflite, or any
    function on arrays.

    Raises FrameworkError for anything else, for a model of several inputs, and for a .tflite that
    the interpreter does not take.
    """
    kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(returned).__mro__]
    if any(kind.startswith(_KERAS) and kind.endswith(".Model") for kind in kinds):
        return _keras(returned)
    if _TORCH in kinds:
        return _torch(returned.eval())
    if _EXPORTED in kinds:
        return _torch(returned.module(), "converted.module()")
    if isinstance(returned, (bytes, bytearray, memoryview)):
        return _tflite(bytes(returned))
    if any(kind.startswith("tensorflow.") for kind in kinds):
        found = _tensorflow(returned)
        if found is not None:
            return found
    elif callable(returned) and not isinstance(returned, type):
        return Opened(returned, Code("np.asarray(converted({x}))"))
    raise FrameworkError(f"expected {_KNOWN} but the converter returned {type(returned).__name__}")


def _keras(model: Any) -> Opened:
    """Rules: an input is given in the structure of the model's own, or Keras warns [3.15.1]."""
    structure = getattr(model, "_inputs_struct", None)
    code = "{x}"
    if isinstance(structure, Mapping):
        code = f"{{{{{_one(structure)[0]!r}: {{x}}}}}}"
    elif isinstance(structure, (list, tuple)):
        code = "[{x}]"

    def call(x: Any) -> Any:
        if isinstance(structure, Mapping):
            return model(dict.fromkeys(structure, x), training=False)
        return model([x] if isinstance(structure, (list, tuple)) else x, training=False)

    made = getattr(model, "_outputs_struct", None)
    picked = f"[{_one(made)[0]!r}]" if isinstance(made, Mapping) and len(made) == 1 else ""
    inputs, outputs = _shapes(model, "inputs"), _shapes(model, "outputs")
    return Opened(
        call,
        Code(f"np.asarray(converted({code}, training=False){picked})"),
        _one(inputs)[0] if inputs else None,
        outputs[0] if len(outputs) == 1 else None,
    )


def _shapes(model: Any, which: str) -> list[Shape | None]:
    """Of a Functional or a built Sequential; others tell none."""
    try:
        return [_shape(tensor.shape) for tensor in getattr(model, which) or ()]
    except (AttributeError, ValueError):
        return []


def _torch(module: Any, name: str = "converted") -> Opened:
    torch = import_framework("torch", extra="torch")

    def call(x: Any) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(x))

    given = "torch.from_numpy({x})"
    return Opened(call, Code(f"{name}({given}).detach().numpy()", ("import torch",)))


def _tensorflow(returned: Any) -> Opened | None:
    """A SavedModel by its signature, else a function; None for what is neither."""
    signatures = getattr(returned, "signatures", None)
    if isinstance(signatures, Mapping) and signatures:
        key = "serving_default" if "serving_default" in signatures else _one(signatures)[0]
        return _concrete(signatures[key], f"converted.signatures[{key!r}]")
    if hasattr(returned, "structured_input_signature"):
        return _concrete(returned, "converted")
    if not callable(returned):
        return None
    tf = import_framework("tensorflow", extra="tensorflow")
    declared = getattr(returned, "input_signature", None)
    return Opened(
        lambda x: returned(tf.constant(x)),
        Code("np.asarray(converted(tf.constant({x})))", ("import tensorflow as tf",)),
        _shape(_one(declared)[0].shape) if declared else None,
    )


def _concrete(function: Any, name: str) -> Opened:
    tf = import_framework("tensorflow", extra="tensorflow")
    given, named = function.structured_input_signature
    import_tf = ("import tensorflow as tf",)
    outputs = [_shape(tensor.shape) for tensor in function.outputs]
    if named:
        (key,) = _one(named)
        call = f"{name}(**{{{{{key!r}: tf.constant({{x}})}}}})"
        code = Code(f"np.asarray(tf.nest.flatten({call})[0])", import_tf)
        spec, run = named[key], lambda x: function(**{key: tf.constant(x)})
    else:
        spec, run = _one(given)[0], lambda x: function(tf.constant(x))
        call = f"{name}(tf.constant({{x}}))"
        code = Code(f"np.asarray(tf.nest.flatten({call})[0])", import_tf)
    return Opened(run, code, _shape(spec.shape), outputs[0] if len(outputs) == 1 else None)


def _tflite(data: bytes) -> Opened:
    """Run by LiteRT, or by the kernels inside TensorFlow where that is not installed.

    Sizes that the model leaves open are set; a batch that it fixes is not touched.
    """
    found, module = _interpreters()
    try:
        with muted():
            made = module.Interpreter(model_content=data, num_threads=1)
            made.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise FrameworkError(one_line(error)) from error
    (entry,) = _one(made.get_input_details())
    outputs = made.get_output_details()

    def call(x: Any) -> Any:
        if tuple(made.get_input_details()[0]["shape"]) != x.shape:
            made.resize_tensor_input(entry["index"], x.shape, strict=True)
            with muted():
                made.allocate_tensors()
        made.set_tensor(entry["index"], x)
        made.invoke()
        return [made.get_tensor(detail["index"]) for detail in outputs]

    lines = (
        "def run(x):",
        "    interpreter = Interpreter(model_content=converted)",
        '    entry = interpreter.get_input_details()[0]["index"]',
        "    interpreter.resize_tensor_input(entry, x.shape)",
        "    interpreter.allocate_tensors()",
        "    interpreter.set_tensor(entry, x)",
        "    interpreter.invoke()",
        '    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])',
    )
    declared = [_shape(one["shape_signature"]) for one in (entry, *outputs)]
    code = Code("run({x})", (f"from {found} import Interpreter",), lines)
    return Opened(call, code, declared[0], declared[1] if len(declared) == 2 else None)


def _interpreters() -> tuple[str, Any]:
    """The module that has `Interpreter`, and its name."""
    name = "ai_edge_litert.interpreter"
    if is_installed("ai_edge_litert") or not is_installed("tensorflow"):
        return name, import_framework(name, extra="litert")
    name = "tensorflow.lite.python.interpreter"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return name, import_framework(name, extra="tensorflow")


def _shape(shape: Any) -> Shape | None:
    """Plain ints, None for open sizes (-1 in a .tflite); None for a shape of unknown rank."""
    if getattr(shape, "rank", 0) is None:
        return None
    return tuple(None if size is None or int(size) < 0 else int(size) for size in shape)


def _one(given: Iterable[Any]) -> tuple[Any]:
    """The only one; raises FrameworkError for several or none."""
    found = tuple(given)
    if len(found) != 1:
        raise FrameworkError(f"expected a model of one input but it has {len(found)}")
    return found
