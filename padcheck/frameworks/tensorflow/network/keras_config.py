"""What in the configuration of a Keras model would run code that came with the file.

Source: `keras.saving.serialization_lib`: an object is {"module", "class_name", "config",
"registered_name"}. Older versions of Keras import any module named there, and in an .h5 file
unpack a Lambda whatever the safe mode says, so the configuration is looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from padcheck.errors import ModelError
from padcheck.records import printable

__all__ = ["TRUST", "check_config"]

TRUST = "load it with --trust (trust=True) if you trust where it comes from"

#: Objects within objects deeper than this are refused.
MAX_DEPTH = 200

#: Where functions of Keras come from that a layer is given by name.
_FUNCTIONS = (
    "builtins",
    "keras.activations",
    "keras.constraints",
    "keras.initializers",
    "keras.losses",
    "keras.metrics",
    "keras.ops",
    "keras.regularizers",
    "keras.src.activations",
    "keras.src.ops",
)
#: Where classes of Keras come from.
_CLASSES = ("keras", "tensorflow.keras", "tf_keras")
_MODELLING = (
    "activations",
    "applications",
    "backend",
    "constraints",
    "dtype_policies",
    "engine",
    "initializers",
    "layers",
    "models",
    "ops",
    "quantizers",
    "random",
    "regularizers",
    "src",
)
_LAMBDAS = ("Lambda", "__lambda__", "lambda")


def check_config(config: Any, where: str, *, is_registered: Callable[[str], bool]) -> None:
    """Raises ModelError, with the layer, for a Lambda or an object that is not Keras's own.

    `is_registered` tells which names of custom objects this process knows: their code is here
    already, and does not come from the file.
    """
    for layer, found in _objects(config, "", MAX_DEPTH, where):
        reason = _objection(found, is_registered)
        if reason is not None:
            node = printable(layer)[:100]
            raise ModelError(f"{reason}; {TRUST}", where=where, field=f"layer {node!r}")


def _objects(
    config: Any, layer: str, depth: int, where: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every {"class_name": ...} with the name of the layer that it is in or is."""
    if depth == 0:
        raise ModelError(f"is nested more than {MAX_DEPTH} deep", where=where, field="config")
    if isinstance(config, list):
        for item in config:
            yield from _objects(item, layer, depth - 1, where)
    if not isinstance(config, dict):
        return
    if "class_name" in config:
        layer = _layer_name(config) or layer
        yield layer, config
    for key, value in config.items():
        if key != "compile_config":  # never read: models are not compiled
            yield from _objects(value, layer, depth - 1, where)


def _layer_name(config: dict[str, Any]) -> str:
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _objection(found: dict[str, Any], is_registered: Callable[[str], bool]) -> str | None:
    """Why an object cannot be made without trust; None where it can.

    1. A Lambda holds Python bytecode.
    2. A function of Keras by its name; no other module's.
    3. A class of Keras's layers and what they are made with. Configurations without modules are
       those of older files: Keras looks their names up among its own.
    """
    name, module = found["class_name"], found.get("module")
    if not isinstance(name, str):
        return None
    registered = found.get("registered_name")
    if name in _LAMBDAS:  # rule 1
        return "is a Lambda, which holds code"
    if name == "function":  # rule 2
        title, known = "function", (found.get("config"), registered)
        allowed = _is_function(module)
    else:  # rule 3
        title, known = "class", (registered, name)
        allowed = (module is None or _is_modelling(module)) and not _is_package_name(registered)
    names = [one for one in known if isinstance(one, str)]
    if allowed or any(is_registered(one) for one in names):
        return None
    shown = names[0] if names else "?"
    origin = f" of module {module}" if isinstance(module, str) else ""
    return f"needs the custom {title} {printable(shown + origin)[:150]}"


def _is_function(module: Any) -> bool:
    return module is None or any(
        module == one or str(module).startswith(f"{one}.") for one in _FUNCTIONS
    )


def _is_modelling(module: Any) -> bool:
    """Whether a module is Keras's, and one that models are made of."""
    if not isinstance(module, str):
        return False
    for package in _CLASSES:
        if module == package:
            return True
        if module.startswith(f"{package}."):
            return module[len(package) + 1 :].split(".")[0] in _MODELLING
    return False


def _is_package_name(registered: Any) -> bool:
    """Whether a name is one of `register_keras_serializable`: "package>name"."""
    return isinstance(registered, str) and ">" in registered
