"""What in the configuration of a Keras model would run code that came with the file.

Source: `keras.saving.serialization_lib`: an object is {"module", "class_name", "config",
"registered_name"}. Older versions of Keras import any module named there, and in an .h5 file
unpack a Lambda whatever the safe mode says, so the configuration is looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.records import printable

__all__ = ["TRUST", "Found", "Known", "check_config", "custom_objects"]

TRUST = "load it with --trust (trust=True) if you trust where it comes from"

#: Where an object comes from is not said in .h5 files, so that trust would not find it either.
_HELP_WITHOUT_MODULE = "save the model as .keras, or give it in memory (padcheck.compare)"

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
#: Where classes of Keras come from, and which of its modules models are made of.
_PACKAGES = ("keras.src", "keras", "tensorflow.keras", "tf_keras.src", "tf_keras")
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
)
_LAMBDAS = ("Lambda", "__lambda__", "lambda")


@dataclass(frozen=True, slots=True)
class Found:
    """An object of the configuration; `layer` is the layer that it is, or belongs to."""

    layer: str
    is_layer: bool
    config: dict[str, Any]

    @property
    def module(self) -> str | None:
        """Where its class or function is from; None where that is not said."""
        module = self.config.get("module")
        return module if isinstance(module, str) else None

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be registered as, the most telling first."""
        config, registered = self.config, self.config.get("registered_name")
        pair = (registered, config["class_name"])
        if config["class_name"] == "function":
            pair = (config.get("config"), registered)
        return tuple(name for name in pair if isinstance(name, str))


@dataclass(frozen=True, slots=True)
class Known:
    """What this process can make: custom objects that are registered, and layers of Keras."""

    is_registered: Callable[[str], bool]
    is_layer: Callable[[str], bool]


def check_config(config: Any, where: str, known: Known) -> None:
    """Raises ModelError, with the layer, for a Lambda or an object that is not Keras's own.

    The code of what is registered is here already, and does not come from the file.
    """
    for found in _objects(config, "", MAX_DEPTH, where):
        reason = _objection(found, known)
        if reason is not None:
            layer = printable(found.layer)[:100]
            is_lost = found.module is None and found.config["class_name"] not in _LAMBDAS
            help_ = _HELP_WITHOUT_MODULE if is_lost else TRUST
            raise ModelError(f"{reason}; {help_}", where=where, field=f"layer {layer!r}")


def custom_objects(config: Any, where: str, known: Known) -> Iterator[Found]:
    """The objects that must be imported from elsewhere."""
    for found in _objects(config, "", MAX_DEPTH, where):
        if found.config["class_name"] not in _LAMBDAS and _objection(found, known) is not None:
            yield found


def _objects(
    config: Any, layer: str, depth: int, where: str, *, is_layer: bool = False
) -> Iterator[Found]:
    """Every {"class_name": ...}."""
    if depth == 0:
        raise ModelError(f"is nested more than {MAX_DEPTH} deep", where=where, field="config")
    if isinstance(config, list):
        for item in config:
            yield from _objects(item, layer, depth - 1, where, is_layer=is_layer)
    if not isinstance(config, dict):
        return
    if isinstance(config.get("class_name"), str):
        if is_layer:
            layer = _name(config) or layer
        yield Found(layer, is_layer, config)
    for key, value in config.items():
        if key != "compile_config":  # never read: models are not compiled
            inner = key in ("layer", "layers")
            yield from _objects(value, layer, depth - 1, where, is_layer=inner)


def _name(config: dict[str, Any]) -> str:
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _objection(found: Found, known: Known) -> str | None:
    """Why an object cannot be made without trust; None where it can.

    1. A Lambda holds Python bytecode.
    2. A function of Keras by its name; no other module's.
    3. A class of Keras's layers and what they are made with. Configurations without modules are
       those of older files: Keras looks their names up among its own.
    """
    name, module = found.config["class_name"], found.module
    if name in _LAMBDAS:  # rule 1
        return "is a Lambda, which holds code"
    if name == "function":  # rule 2
        title, allowed = "function", module is None or _within(module, _FUNCTIONS)
    else:  # rule 3
        title, allowed = "class", module is None or _is_modelling(module)
        allowed = allowed and not any(">" in one for one in found.names)
        if module is None and found.is_layer:
            allowed = allowed and known.is_layer(name)
    if allowed or any(map(known.is_registered, found.names)):
        return None
    shown = found.names[0] if found.names else "?"
    origin = f" of module {module}" if module is not None else ""
    return f"needs the custom {title} {printable(shown + origin)[:150]}"


def _within(module: str, others: Sequence[str]) -> bool:
    return any(module == other or module.startswith(f"{other}.") for other in others)


def _is_modelling(module: str) -> bool:
    """Whether a module is Keras's, and one that models are made of."""
    for package in _PACKAGES:
        if module == package:
            return True
        if module.startswith(f"{package}."):
            return module[len(package) + 1 :].split(".")[0] in _MODELLING
    return False
