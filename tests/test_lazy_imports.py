"""Pay for what you use: what loads nothing, proved in a fresh process."""

import subprocess
import sys

import pytest

from tests.support import FIXTURES, ROOT

FRAMEWORKS = ("torch", "tensorflow", "keras", "onnxruntime", "jax")


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after running `code`."""
    script = (
        "import contextlib, io, sys\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    {code}\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import padcheck",
        "import padcheck.geometry, padcheck.records, padcheck.causes, padcheck.frameworks",
        "from padcheck.cli import main; main(['--help'])",
        "from padcheck.cli import main; main(['diagnose', '--help'])",
        "from padcheck.cli import main; main(['explain', 'PAD101'])",
        "from padcheck.cli import main; main(['info'])",
    ],
)
def test_loads_neither_framework_nor_numpy(code):
    assert not loaded_after(code) & {*FRAMEWORKS, "onnx", "numpy"}


def test_import_loads_nothing_outside_the_standard_library():
    assert not loaded_after("import padcheck") & {"click", "rich", "numpy"}


@pytest.mark.parametrize(
    "code",
    [
        "from padcheck.cli import main; main(['conv', '--input=9', '--kernel=3', '--static'])",
        f"from padcheck.cli import main; "
        f"main(['diagnose', '{FIXTURES / 'causal_1d.onnx'}', '--static'])",
    ],
)
def test_a_static_verdict_loads_no_framework(code):
    assert not loaded_after(code) & set(FRAMEWORKS)
