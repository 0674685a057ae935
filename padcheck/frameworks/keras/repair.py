"""A Keras model again, with some layers padded otherwise or given the bias they lost."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.keras.repaired_pads import Padder, refusal
from padcheck.frameworks.loading import import_framework, translated

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

__all__ = ["Repair", "repair", "save"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repair:
    """What one layer is to do instead; its kernel stays.

    `pads`: (before, after) per spatial axis, all that the op is to pad, None to leave it; a
    ZeroPadding (or `keras.ops.pad`) right before the layer makes room for them. They hold `fill`:
    0, or -inf for a max pool. `counted`: whether an average counts them. `bias`: the layer's
    own, one number per filter; None leaves it.
    """

    pads: tuple[tuple[int, int], ...] | None = None
    fill: float = 0.0
    counted: bool = True
    bias: NDArray[Any] | None = None


def repair(model: keras.Model, fixes: Mapping[str, Repair]) -> keras.Model:
    """A functional model that does what `model` does, but for the layers named in `fixes`.

    Names are paths: "block/conv" is layer `conv` of the nested model `block`. New layers are
    called "<name>_pad". A Sequential comes out as a functional model. The result saves as .keras
    and loads in safe mode; `model` and its weights stay as they are.

    Raises UsageError for a name that no layer has, and FrameworkError, with the layer and the
    reason, for what Keras cannot express.
    """
    keras = import_framework("keras", extra="tensorflow")
    with translated("keras", keras.__version__):
        named = dict(_paths(keras, model, ""))
        for path in fixes:
            if path not in named:
                raise UsageError(f"expected a layer of the model but got {path!r}")
        _check(keras, named, fixes)
        work = _Repairing(keras, {id(named[path]): fix for path, fix in fixes.items()})
        made = work.model(model)
        work.finish()
        return made


def save(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Writes a .keras file, whole or not at all.

    Raises FrameworkError for what Keras cannot save, and OSError.
    """
    keras = import_framework("keras", extra="tensorflow")
    target = os.path.realpath(path)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix=".padcheck-") as folder:
        made = os.path.join(folder, "model.keras")
        with translated("keras", keras.__version__), warnings.catch_warnings():
            # keras 3.15.1's own, about numpy 2's `copy`
            warnings.simplefilter("ignore", DeprecationWarning)
            model.save(made)
        os.replace(made, target)


def _check(keras: Any, named: Mapping[str, Any], fixes: Mapping[str, Repair]) -> None:
    for path, fix in fixes.items():
        reason = refusal(keras, named[path], fix)
        if reason is not None:
            raise FrameworkError(f"keras {keras.__version__}: layer {path}: {reason}")


def _paths(keras: Any, model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        path = prefix + layer.name
        yield path, layer
        if isinstance(layer, keras.Model):
            yield from _paths(keras, layer, path + "/")


class _Repairing:
    """One model on its way; layers that are used twice are made once."""

    def __init__(self, keras: Any, fixes: Mapping[int, Repair]) -> None:
        self._keras = keras
        self._fixes = fixes
        self._made: dict[int, Any] = {}
        self._sources: dict[int, tuple[Any, Repair]] = {}
        self._padder = Padder(keras)

    def model(self, model: Any) -> Any:
        """A clone of a functional model or a Sequential, weights not yet set."""
        keras = self._keras
        if isinstance(model, keras.Sequential) and model.built:
            model = keras.Model(model.inputs, model.outputs, name=model.name)
        if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
            raise FrameworkError(
                f"keras {keras.__version__}: model {model.name}: neither functional nor a built "
                "Sequential, so its layers cannot be taken apart"
            )
        since = self._padder.count
        made = keras.models.clone_model(
            model, clone_function=self._layer, call_function=self._called
        )
        self._padder.rename(made, since)
        return made

    def finish(self) -> None:
        """Copies the weights; a bias of a Repair takes the place of the layer's own."""
        if not self._fixes.keys() <= self._sources.keys():
            raise FrameworkError(
                f"keras {self._keras.__version__}: a layer to be repaired is in a model that is "
                "neither functional nor a Sequential"
            )
        for layer, fix in self._sources.values():
            weights = layer.get_weights()
            if fix.bias is not None:
                weights = [*(weights[:-1] if layer.use_bias else weights), fix.bias]
            if weights:
                self._made[id(layer)].set_weights(weights)

    def _layer(self, layer: Any) -> Any:
        """The layer that stands for `layer`; nested models are cloned in turn."""
        if id(layer) not in self._made:
            nested = isinstance(layer, self._keras.Model) and getattr(layer, "inputs", None)
            self._made[id(layer)] = self.model(layer) if nested else self._cloned(layer)
        return self._made[id(layer)]

    def _cloned(self, layer: Any) -> Any:
        layers = self._keras.layers
        fix = self._fixes.get(id(layer), Repair())
        if isinstance(layer, layers.Lambda):  # its function may not survive get_config
            return layers.Lambda(layer.function, arguments=layer.arguments, name=layer.name)
        config = layer.get_config()
        if fix.pads is not None:
            config["padding"] = "valid"
        if fix.bias is not None:
            config["use_bias"] = True
        made = type(layer).from_config(config)
        if isinstance(layer, layers.Layer):
            self._sources[id(layer)] = (layer, fix)
            self._padder.expect(made, fix)
        return made

    def _called(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if args:
            args = (self._padder.padded(layer, args[0]), *args[1:])
        return layer(*args, **kwargs)
