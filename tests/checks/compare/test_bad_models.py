"""Bad input on either side: exit 2, one line that names the file and what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import padcheck

FIXTURES = Path(__file__).parents[3] / "fixtures"
SOURCE = FIXTURES / "three_faults.onnx"


def refused(*arguments: str | Path) -> str:
    """The one line that the command prints, on stderr, as it ends with 2."""
    run = subprocess.run(
        [sys.executable, "-m", "padcheck", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 2, run.stdout + run.stderr
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("padcheck: error: ")
    return lines[0]


def raised(source: Path, target: Path) -> str:
    """The text of the error that a model gives on either side."""
    texts = []
    for pair in ((source, target), (target, source)):
        with pytest.raises(padcheck.PadcheckError) as error:
            padcheck.compare(*pair)
        texts.append(str(error.value))
        assert "\n" not in texts[-1]
    assert texts[0] == texts[1]
    return texts[0]


def test_a_truncated_tflite(tmp_path: Path) -> None:
    content = (FIXTURES / "resnet_thin_right.tflite").read_bytes()
    for part in (0, 3, 20, len(content) // 3, len(content) - 5000):
        short = tmp_path / "short.tflite"
        short.write_bytes(content[:part])
        assert "short.tflite" in raised(SOURCE, short)


def test_a_truncated_keras_file(tmp_path: Path) -> None:
    short = tmp_path / "short.keras"
    short.write_bytes((FIXTURES / "three_faults.keras").read_bytes()[:5000])
    assert "short.keras" in raised(SOURCE, short)


def test_a_truncated_onnx_file_and_one_that_is_not_there(tmp_path: Path) -> None:
    short = tmp_path / "short.onnx"
    short.write_bytes(SOURCE.read_bytes()[:900])
    target = FIXTURES / "three_faults.keras"
    assert "short.onnx" in raised(short, target)
    assert "no such file" in raised(tmp_path / "none.onnx", target)
    assert "no such file" in raised(tmp_path / "none.keras", SOURCE)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    file.write_bytes(b"PK\x03\x04 whatever")
    assert "export it to ONNX" in raised(file, SOURCE)


def test_a_folder_that_is_no_saved_model(tmp_path: Path) -> None:
    assert str(tmp_path) in raised(tmp_path, SOURCE)


def test_a_keras_file_with_a_lambda_needs_trust(tmp_path: Path) -> None:
    import keras

    x = keras.Input((32, 32, 3))
    y = keras.layers.Lambda(lambda t: t * 2.0, output_shape=(32, 32, 3), name="twice")(x)
    path = tmp_path / "lambda.keras"
    with warnings.catch_warnings():  # keras 3.15.1's own, about numpy 2
        warnings.simplefilter("ignore", DeprecationWarning)
        keras.Model(x, keras.layers.Conv2D(4, 3)(y)).save(path)
    text = raised(SOURCE, path)
    assert "lambda.keras" in text
    assert "twice" in text
    assert "--trust" in text
    assert "lambda.keras" in refused(SOURCE, path)
    assert padcheck.compare(path, path, trust=True).ok


def test_a_saved_model_without_a_serving_signature(tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.f = tf.function(lambda x: x * 2.0)  # never called: nothing is traced
    folder = tmp_path / "unsigned"
    tf.saved_model.save(module, str(folder))
    text = raised(SOURCE, folder)
    assert "unsigned" in text
    assert "serving_default" in text


def test_two_models_that_have_nothing_to_do_with_each_other() -> None:
    text = refused(FIXTURES / "resnet_thin.onnx", FIXTURES / "mobilenetv2_thin_right.tflite")
    assert "nothing to do with each other" in text


def test_bad_arguments() -> None:
    keras = FIXTURES / "three_faults.keras"
    with pytest.raises(padcheck.UsageError, match="expected a target"):
        padcheck.compare(SOURCE)
    with pytest.raises(padcheck.UsageError, match="expected a converter of onnx2keras"):
        padcheck.compare(SOURCE, via="onnx2nothing")
    with pytest.raises(padcheck.UsageError, match="expected an input of the models"):
        padcheck.compare(SOURCE, keras, inputs={"nope": np.zeros((1, 3, 32, 32), np.float32)})
    with pytest.raises(padcheck.ModelError, match="1x3x31x31"):
        padcheck.compare(SOURCE, keras, inputs=np.zeros((1, 3, 31, 31), np.float32))
    with pytest.raises(padcheck.UsageError, match=r"expected .* model of type int"):
        padcheck.compare(SOURCE, 3)
    with pytest.raises(padcheck.UsageError, match="expected an ONNX model for onnx2keras"):
        padcheck.compare(keras, via="onnx2keras")
