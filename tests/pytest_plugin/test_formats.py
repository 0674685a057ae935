"""Models that TensorFlow reads: SavedModel folders, and Keras files that carry code."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

import padcheck
from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.test_choosing import collected
from tests.pytest_plugin.test_items import words
from tests.support import FIXTURES

SAVED = FIXTURES / "resnet_thin_right_saved_model"
SAVED_PAIR = ("--padcheck-model", "saved", "--padcheck-against", "resnet_thin.onnx")
CODE_PAIR = ("--padcheck-model", "code.keras", "--padcheck-against", "code.keras")


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Keras file with a Lambda; and all that reading and comparing models imports is imported."""
    import keras

    path = tmp_path_factory.mktemp("code") / "code.keras"
    x = keras.Input((8, 8, 2), name="x")
    y = keras.layers.Conv2D(2, 3, padding="same", name="conv1")(x)
    y = keras.layers.Lambda(lambda t: t * 2.0, output_shape=(8, 8, 2), name="twice")(y)
    with warnings.catch_warnings():  # keras 3.15.1's own, about numpy 2
        warnings.simplefilter("ignore", DeprecationWarning)
        keras.Model(x, y).save(path)
        assert padcheck.compare(path, path, trust=True).ok
        assert padcheck.compare(SAVED, FIXTURES / "resnet_thin.onnx").ok
    return path


@pytest.fixture
def models(code: Path, project: Path) -> Path:
    """The project with both models."""
    shutil.copy(code, project)
    shutil.copytree(SAVED, project / "saved")
    shutil.copy(FIXTURES / "resnet_thin.onnx", project)
    return project


def test_code_of_a_model_runs_with_trust_alone(models: Path, run: Run) -> None:
    result = run(*CODE_PAIR)

    assert result.ret == 2
    (told,) = [line for line in result.outlines if line.startswith("code.keras: ")]
    assert "twice" in told
    assert "load it with --padcheck-trust (trust=True)" in told
    result.stdout.no_fnmatch_line("*Traceback*")

    result = run(*CODE_PAIR, "--padcheck-trust", "-v")

    assert result.ret == 0
    assert words(result) == {
        f"code.keras::{name}": "EQUIVALENT" for name in ("conv1", "target-ops", "end-to-end")
    }


def test_trust_in_the_ini_file(models: Path, run: Run) -> None:
    (models / "pytest.ini").write_text("[pytest]\npadcheck_trust = yes\n")

    assert run(*CODE_PAIR, "--collect-only").ret == 0


def test_an_op_of_a_folder_is_chosen_by_its_file(models: Path, run: Run) -> None:
    """pytest refuses `folder::name`."""
    names = [f"conv_{number:02}" for number in range(1, 21)]
    names += ["max_pool_01", "target-ops", "end-to-end"]
    chosen = ("saved/saved_model.pb::end-to-end", "saved/saved_model.pb::max_pool_01")

    every = collected(run(*SAVED_PAIR, "--collect-only", "-q"))
    result = run(*SAVED_PAIR, *chosen, "-v")

    assert sorted(every) == sorted(f"saved/saved_model.pb::{name}" for name in names)
    assert result.ret == 0
    assert words(result) == dict.fromkeys(chosen, "EQUIVALENT")


@pytest.mark.parametrize("argument", [[], ["saved"], ["."]], ids=["none", "folder", "root"])
def test_a_folder_is_an_argument_like_others(project: Path, run: Run, argument: list[str]) -> None:
    (project / "saved").mkdir()
    (project / "saved" / "saved_model.pb").write_text("")

    result = run("--padcheck-model", "saved", *argument)

    result.stdout.fnmatch_lines(["*1 error*", "*ERROR collecting saved/saved_model.pb*"])
    result.stdout.fnmatch_lines(["saved: expected an ONNX model to diagnose; *"])
