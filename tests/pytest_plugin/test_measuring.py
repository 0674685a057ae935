"""Each model is measured once in a session, and again once it is another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import onnx
import pytest

import padcheck
from padcheck.errors import FrameworkError, ModelError, UsageError
from padcheck.pytest_plugin import measuring
from padcheck.pytest_plugin.measuring import Call, Measurements
from padcheck.pytest_plugin.store import Store
from tests.pytest_plugin.inner import Bare, bare, models, run, spread, warm
from tests.pytest_plugin.models import chain, conv
from tests.support import ROOT

__all__ = ["bare", "warm"]

#: Each call that measures leaves a line, whichever process it is made in.
COUNTING = """
from padcheck.pytest_plugin import measuring

measured, read = measuring.Call.run, measuring._read

def run(call, *how):
    with open("measured", "a") as file:
        file.write(f"{call.command}\\n")
    return measured(call, *how)

def reads(path, *how):
    with open("listed", "a") as file:
        file.write(f"{path}\\n")
    return read(path, *how)

measuring.Call.run = run
measuring._read = reads
"""

TESTS = """
import shutil
from pathlib import Path
import pytest

HERE = Path("bad.onnx")

@pytest.mark.parametrize("name", ["bad.onnx", "./bad.onnx", HERE, HERE.resolve()])
def test_compared(padcheck, name):
    assert padcheck.assert_equivalent(name, "bad.onnx").source.path == str(Path(name))

@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("number", range(3))
def test_diagnosed(padcheck, number, static):
    padcheck.assert_diagnosed("good.onnx", static=True, input_shapes={"x": (1, 2, 8 + static, 8)})
"""


@spread
def test_once_for_items_and_calls_in_all_processes(bare: Bare, spread: tuple[str, ...]) -> None:
    bare.write(conftest=COUNTING, test_a=TESTS)
    model = ("--padcheck-model=bad.onnx", "--padcheck-against=bad.onnx")
    ran = run(bare.folder, *spread, *model)
    assert ran.counts() == {"passed": 14}
    assert sorted((bare.folder / "measured").read_text().split()) == [
        "compare",
        "diagnose",
        "diagnose",
    ]
    assert (bare.folder / "listed").read_text().split() == ["bad.onnx"]


#: Each set of frameworks leaves a line when it starts, and one when it is closed.
LABS = """
from padcheck.checks.lab import Lab

def telling(word, method):
    def told(lab, *arguments):
        with open("labs", "a") as file:
            file.write(f"{word}\\n")
        return method(lab, *arguments)
    return told

Lab.__init__ = telling("started", Lab.__init__)
Lab.close = telling("closed", Lab.close)
"""


def test_the_frameworks_of_all_diagnoses_start_once_and_are_closed(bare: Bare) -> None:
    bare.write(conftest=LABS, test_a="def test_a(padcheck): padcheck.assert_diagnosed('same.onnx')")
    models = ("--padcheck-model=good.onnx", "--padcheck-model=bad.onnx")
    ran = run(bare.folder, "-p", "no:xdist", *models)
    assert ran.counts() == {"passed": 3, "failed": 1}
    assert (bare.folder / "labs").read_text().split() == ["started", "closed"]


def test_what_processes_share_goes_with_them(bare: Bare, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    bare.write(
        test_a="""
        import os
        import tempfile
        def test_a(padcheck):
            padcheck.assert_diagnosed("good.onnx", static=True)
            assert any(name.startswith("padcheck-") for name in os.listdir(tempfile.gettempdir()))
        """
    )
    ran = run(bare.folder, "-n", "2", env={"TMPDIR": str(temporary)})
    assert ran.counts() == {"passed": 1}
    assert not [path for path in temporary.iterdir() if path.name.startswith("padcheck-")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    models(tmp_path)
    return tmp_path


def diagnosis(model: object, **options: object) -> Call:
    return Call(command="diagnose", source=model, options={"static": True, **options})


def test_a_report_is_kept_by_what_was_asked(folder: Path) -> None:
    kept = Measurements()
    first = kept.report(diagnosis("bad.onnx"))
    assert first == padcheck.diagnose("bad.onnx", static=True)
    keys = [
        diagnosis("bad.onnx").key(),
        diagnosis("good.onnx").key(),
        diagnosis("bad.onnx", static=False).key(),
        diagnosis("bad.onnx", input_shapes={"x": (1, 2, 9, 9)}).key(),
        Call(command="compare", source="bad.onnx", target="good.onnx").key(),
        Call(command="compare", source="good.onnx", target="bad.onnx").key(),
    ]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert diagnosis("./bad.onnx").key() == diagnosis(folder / "bad.onnx").key() == keys[0]


def test_it_has_the_path_that_was_asked_for(folder: Path) -> None:
    kept = Measurements()
    kept.report(diagnosis("bad.onnx"))
    again = kept.report(diagnosis(folder / "bad.onnx"))
    assert again == padcheck.diagnose(folder / "bad.onnx", static=True)
    assert len(kept._kept) == 1
    pair = Call(command="compare", source="bad.onnx", target="same.onnx")
    kept.report(pair)
    told = kept.report(Call(command="compare", source=folder / "bad.onnx", target="./same.onnx"))
    assert told.source.path == str(folder / "bad.onnx")
    assert told.target is not None
    assert told.target.path == "same.onnx"


def test_a_file_that_was_written_to_is_measured_again(folder: Path) -> None:
    kept = Measurements(Store(folder))
    path = chain(folder / "changing.onnx", conv("one"))
    assert kept.report(diagnosis(path)).ok
    assert kept.listing(path, "diagnose", trust=False).ops == ("one",)
    before = path.stat()
    chain(path, conv("two", stride=2))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert not kept.report(diagnosis(path)).ok
    assert kept.listing(path, "diagnose", trust=False).ops == ("two",)


def test_what_was_read_with_trust_is_not_for_those_without(folder: Path) -> None:
    kept = Measurements()
    for trust in (True, False):
        kept.listing(Path("bad.onnx"), "compare", trust=trust)
        told = kept.listing(Path("good.onnx"), "diagnose", trust=trust)
        assert told.ops == ("one",)
    assert len(kept._opened) == 3
    options = {"trust": False}
    call = Call(command="compare", source="bad.onnx", target="bad.onnx", options=options)
    assert kept.report(call).ok
    assert [json.loads(place)[2] for place in kept._opened if "compare" in place] == [True]


def test_what_was_read_stays_as_far_as_memory_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Path("bad.onnx"), Path("same.onnx")
    most = first.stat().st_size + second.stat().st_size
    for bytes_, stay in ((most, 2), (most - 1, 1), (0, 0)):
        monkeypatch.setattr(measuring, "_MOST_BYTES", bytes_)
        kept = Measurements()
        for path in (first, second):
            assert kept.listing(path, "diagnose", trust=False).ops == ("one", "two")
        assert len(kept._opened) == stay
        assert not kept.report(diagnosis("bad.onnx")).ok
        assert kept.report(diagnosis("same.onnx")).ok
        assert kept._opened == {}


def test_what_was_read_and_not_measured_goes_in_the_end(folder: Path) -> None:
    kept = Measurements()
    kept.listing(Path("bad.onnx"), "diagnose", trust=False)
    assert len(kept._opened) == 1
    kept.close()
    assert kept._opened == {}


def test_what_was_read_is_not_for_a_converter(folder: Path) -> None:
    """Which takes the file."""
    kept = Measurements()
    kept.listing(Path("bad.onnx"), "compare", trust=False)
    with pytest.raises(UsageError, match="expected a converter"):
        kept.report(Call(command="compare", source="bad.onnx", options={"via": "by hand"}))
    assert len(kept._opened) == 1


def test_what_frameworks_log_and_warn_of_is_not_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def chatty(*arguments: object, **options: object) -> object:
        os.write(2, b"by a library\n")
        warnings.warn("by a framework", DeprecationWarning, stacklevel=1)
        return diagnose(*arguments, **options)

    diagnose = padcheck.diagnose
    monkeypatch.setattr("padcheck.checks.diagnose.diagnose", chatty)
    assert not Measurements().report(diagnosis("bad.onnx")).ok
    assert "by a library" not in "".join(capfd.readouterr())
    with pytest.warns(UserWarning, match="as before"):
        warnings.warn("as before", stacklevel=1)


def test_so_is_a_folder_with_such_a_file(folder: Path) -> None:
    inside = folder / "saved" / "variables"
    inside.mkdir(parents=True)
    (inside / "data").write_text("1")
    before = Call(command="compare", source=folder / "saved", target="bad.onnx").key()
    (inside / "data").write_text("22")
    assert Call(command="compare", source=folder / "saved", target="bad.onnx").key() != before


def test_models_in_memory_are_not_kept(folder: Path) -> None:
    kept = Measurements(Store(folder))
    before = set(folder.iterdir())
    model = onnx.load(folder / "bad.onnx")
    assert not kept.report(diagnosis(model)).ok
    del model.graph.node[1]
    model.graph.output[0].name = model.graph.node[0].output[0]
    assert kept.report(diagnosis(model)).ok
    assert kept._kept == {}
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(
    "option", [{"fix": "fixed.onnx"}, {"inputs": [1]}, {"progress": print}, {"example_inputs": [1]}]
)
def test_nor_is_what_does_more_than_report(folder: Path, option: dict[str, object]) -> None:
    call = Call(command="compare", source="bad.onnx", target="same.onnx", options=option)
    assert call.key() is None


def test_an_error_is_raised_for_each_who_asks(folder: Path) -> None:
    for kept in (Measurements(), Measurements(Store(folder)), Measurements(Store(folder))):
        for _ in range(2):
            with pytest.raises(ModelError, match=r"^missing\.onnx: no such file"):
                kept.report(diagnosis("missing.onnx"))
            with pytest.raises(ModelError, match="no such file"):
                kept.listing(Path("missing.onnx"), "diagnose", trust=False)


def test_of_a_process_that_died_the_others_are_told(folder: Path) -> None:
    call = diagnosis("bad.onnx")
    code = "import os, sys; from padcheck.pytest_plugin.store import Store; "
    code += "Store('.').get(sys.argv[1], lambda: os._exit(7))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code, str(call.key())], env=env).returncode == 7
    with pytest.raises(FrameworkError, match="ended before it did"):
        Measurements(Store(folder)).report(call)
