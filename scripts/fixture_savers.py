"""Writes a Keras model as .keras, SavedModel or TFLite, and runs what was written.

No dates, no memory addresses: the same model gives the same .keras and .tflite bytes. A SavedModel
names its functions by a counter of the process and carries a random id in `fingerprint.pb`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["run_file", "save_keras", "save_saved_model", "save_tflite"]

ZIP_DATE = (2020, 1, 1, 0, 0, 0)


def save_keras(model: Any, path: Path) -> None:
    """`model.save`, then the archive again without dates and memory addresses."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata["date_saved"] = "2020-01-01@00:00:00"
    members["metadata.json"] = json.dumps(metadata).encode()
    members["config.json"] = renumber(members["config.json"].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            archive.writestr(entry, members[name], zipfile.ZIP_DEFLATED)


def renumber(config: str) -> str:
    """A Keras config whose `shared_object_id`s, addresses as Keras writes them, count from 0."""
    ids = dict.fromkeys(re.findall(r'"shared_object_id": (\d+)', config))
    for index, address in enumerate(ids):
        config = config.replace(f'"shared_object_id": {address}', f'"shared_object_id": {index}')
    return config


def save_saved_model(model: Any, path: Path) -> None:
    """One function, signature `serving_default`; `model.export` would write it three times."""
    import tensorflow as tf

    image = tf.TensorSpec(model.input_shape, tf.float32, name="image")

    @tf.function(input_signature=[image])
    def serve(image: Any) -> dict[str, Any]:
        return {"scores": model(image, training=False)}

    module = tf.Module(name=model.name)
    module.weights = [variable.value for variable in model.variables]
    shutil.rmtree(path, ignore_errors=True)
    with quiet():
        tf.saved_model.save(module, str(path), signatures=serve.get_concrete_function())


def save_tflite(model: Any, path: Path, *, samples: np.ndarray | None = None) -> None:
    """By TensorFlow's converter; with `samples`, all in int8, ranges taken from them."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if samples is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with quiet():
        path.write_bytes(converter.convert())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps TensorFlow's messages about what it saved off the terminal."""
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def run_file(path: Path, x: np.ndarray) -> np.ndarray:
    """The output of a written model on `x` (N, C, H, W), read back from the file."""
    image = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    if path.suffix == ".tflite":
        return run_tflite(path, image)
    if path.suffix == ".keras":
        import keras

        y = keras.saving.load_model(path, safe_mode=True)(image, training=False)
        return channels_first(np.asarray(y))
    import tensorflow as tf

    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    return channels_first(signature(image=tf.constant(image))["scores"].numpy())


def run_tflite(path: Path, image: np.ndarray) -> np.ndarray:
    """The same for TFLite; integers are quantized on the way in, dequantized on the way out."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if given["dtype"] is np.int8:
        scale, zero = given["quantization"]
        image = np.clip(np.rint(image / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(given["index"], image)
    interpreter.invoke()
    y = interpreter.get_tensor(got["index"])
    if got["dtype"] is np.int8:
        scale, zero = got["quantization"]
        y = ((y.astype(np.float32) - zero) * scale).astype(np.float32)
    return channels_first(y)


def channels_first(y: np.ndarray) -> np.ndarray:
    """(N, H, W, C) to (N, C, H, W); anything else stays."""
    return y.transpose(0, 3, 1, 2) if y.ndim == 4 else y
