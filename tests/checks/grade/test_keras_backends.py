"""Keras layers on torch and on JAX: what they are asked, and what comes out.

In processes of their own: the backend of this one is TensorFlow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import pytest

from padcheck.checks.grade.registry import subject
from padcheck.checks.grade.subjects.keras_backends import on_jax, on_torch
from padcheck.errors import FrameworkError
from padcheck.geometry import SAME_LOWER, SAME_UPPER
from padcheck.records.case import NODE, Case
from tests.checks.grade.backend_cases import CASES, ODD_AVERAGES, SCRIPTED
from tests.frameworks.grid import CONV, TRANSPOSED, op
from tests.support import ROOT

BACKENDS = ("torch", "jax")
RIGHT, COUNTED_PADS = ["right", []], ["silent", ["PAD202"]]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """Backend -> what came of it, see `backend_run`; they run at the same time."""
    with ThreadPoolExecutor() as threads:
        return dict(zip(BACKENDS, threads.map(_graded, BACKENDS), strict=True))


def _graded(backend: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.checks.grade.backend_run"],
        env={**os.environ, **dict(subject(f"keras-{backend}").environment)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_all_is_right_on_jax(found: dict[str, Any]) -> None:
    assert found["jax"]["outcomes"] == [RIGHT] * len(CASES)


def test_averages_with_an_odd_same_total_are_wrong_on_torch(found: dict[str, Any]) -> None:
    """keras 3.15.1 repeats the edge into the pads, and counts them, though SAME leaves them out."""
    right = len(CASES) - len(ODD_AVERAGES)
    wanted = [RIGHT] * right + [COUNTED_PADS] * len(ODD_AVERAGES)
    assert found["torch"]["outcomes"] == wanted


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_script_computes_what_was_graded(found: dict[str, Any], backend: str) -> None:
    assert found[backend]["scripts"] == [True] * len(SCRIPTED)


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_runs_on_its_backend_alone(found: dict[str, Any], backend: str) -> None:
    assert list(found[backend]["versions"]) == ["keras", backend]
    assert found[backend]["tensorflow"] is False


def test_what_jax_compiled_is_forgotten_now_and_then(found: dict[str, Any]) -> None:
    assert found["jax"]["traces"] == [1, 1, 2]


@pytest.mark.parametrize("grader", [on_torch(), on_jax()], ids=BACKENDS)
def test_another_backend_is_a_framework_error(grader: Any) -> None:
    assert keras.backend.backend() == "tensorflow"
    line = r"^keras \S+: runs on the tensorflow backend \(set KERAS_BACKEND=(torch|jax)\)$"
    case = Case(spec=op(CONV, (8, 8), 3))
    with pytest.raises(FrameworkError, match=line):
        grader.versions()
    with pytest.raises(FrameworkError, match=line):
        grader.build(case, None, None)


def test_equal_questions_are_asked_once() -> None:
    spec = op(CONV, (8, 8), 3, pads=(1, 1))
    asked = on_jax().asks(Case(spec=spec, opset=11, padding=NODE, dynamic=True))
    assert asked == Case(spec=spec, dynamic=True)


def test_what_keras_has_no_layer_for_is_no_question() -> None:
    case = Case(spec=op(CONV, (8, 8), 3, pads=SAME_LOWER))
    assert on_torch().asks(case) == "Keras layers have no SAME_LOWER"


def test_the_reference_is_what_keras_documents() -> None:
    longer = Case(spec=op(TRANSPOSED, 5, 2, 3))
    assert on_jax().reference(longer).output_size == (15,)
    same = Case(spec=op(CONV, (8, 8), 3, 2, pads=SAME_UPPER))
    assert on_jax().reference(same) == same.spec


def test_the_script_names_the_backend_before_keras_is_imported() -> None:
    script = on_torch().script(Case(spec=op(CONV, (8, 8), 3), dynamic=True))
    assert script.imports == ("import os", 'os.environ["KERAS_BACKEND"] = "torch"')
    assert script.lines == (
        "import keras",
        "model = keras.Sequential([",
        "    keras.Input((None, None, 2)),",
        '    keras.layers.Conv2D(3, 3, padding="valid", use_bias=False),',
        "])",
        "model.set_weights([np.moveaxis(w, (0, 1), (-1, -2))])",
        "values = np.ascontiguousarray(np.moveaxis(x, 1, -1))",
        "y = np.moveaxis(keras.ops.convert_to_numpy(model(values)), -1, 1)",
    )
