"""A worker answers in order, and whatever befalls its child is a FrameworkError."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from padcheck.errors import FrameworkError, GeometryError, MissingFramework, UsageError
from padcheck.frameworks.worker import Worker
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.grid import CONV, op
from tests.support import installed_package

SPEC = op(CONV, (8, 9), 3, 2, pads=(1, 1))
X = np.arange(6, dtype=np.float32)

POINTS = """\
[padcheck.frameworks]
faulty = tests.frameworks.faulty:FAULTY
slow = tests.frameworks.faulty:SLOW
dead = tests.frameworks.faulty:DEAD
unloadable = tests.frameworks.faulty:UNLOADABLE
"""


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The faulty frameworks, installed as another package would be."""
    with installed_package(tmp_path_factory.mktemp("site"), "faulty", POINTS):
        yield


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker("faulty", timeout=60) as made:
        yield made


def test_answers(worker: Worker) -> None:
    assert np.array_equal(worker.run(SPEC, "double", X), X * 2)
    assert worker.versions() == {"faulty": "1.0"}


def test_a_hundred_jobs_at_once(worker: Worker) -> None:
    big = np.ones((256, 256), np.float32)
    asked = [worker.submit(SPEC, "double", big * i) for i in range(100)]
    for i, future in enumerate(asked):
        assert np.array_equal(future.result(), big * 2 * i)


def test_noise_on_stdout_does_not_mix_with_answers(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = [worker.submit(SPEC, lowering, X) for lowering in ("noise", "double", "noise")]
    assert all(np.array_equal(future.result(), X * 2) for future in asked)
    assert capfd.readouterr().out == ""


def test_a_crash_fails_one_job_and_no_more(worker: Worker) -> None:
    asked = [worker.submit(SPEC, lowering, X) for lowering in ("double", "crash", "double")]
    assert np.array_equal(asked[0].result(), X * 2)
    with pytest.raises(FrameworkError, match=r"^faulty: the process ended \(signal SIGSEGV"):
        asked[1].result()
    assert np.array_equal(asked[2].result(), X * 2)


def test_an_exit_tells_its_code_and_last_words(worker: Worker) -> None:
    line = r"^faulty: the process ended \(exit code 3: last words\)$"
    with pytest.raises(FrameworkError, match=line):
        worker.run(SPEC, "exit", X)


def test_a_worker_that_crashes_again_and_again_gives_up(worker: Worker) -> None:
    asked = [worker.submit(SPEC, "exit", X) for _ in range(5)]
    assert all(future.exception() for future in asked)
    with pytest.raises(FrameworkError, match="exit code 3"):
        worker.run(SPEC, "double", X)  # what a child at work would answer


def test_a_timeout_kills_the_child_and_the_next_job_runs() -> None:
    with Worker("faulty", timeout=1.0) as worker:
        with pytest.raises(FrameworkError, match=r"^faulty: no answer within 1 s$"):
            worker.run(SPEC, "hang", X)
        assert np.array_equal(worker.run(SPEC, "double", X), X * 2)


def test_a_framework_that_never_loads_times_out() -> None:
    with Worker("slow", timeout=0.5) as worker:
        asked = [worker.submit(SPEC, "double", X) for _ in range(2)]
        for future in asked:
            with pytest.raises(FrameworkError, match=r"^slow: no answer within 0.5 s$"):
                future.result()


def test_a_framework_that_dies_while_loading_is_not_tried_again() -> None:
    with Worker("dead") as worker:
        asked = [worker.submit(SPEC, "double", X) for _ in range(2)]
        for future in asked:
            with pytest.raises(FrameworkError, match=r"^dead: the process ended \(signal SIGKILL"):
                future.result()


def test_a_framework_that_cannot_be_loaded_says_why_every_time() -> None:
    with Worker("unloadable") as worker:
        for _ in range(2):
            with pytest.raises(FrameworkError, match=r"^unloadable: OSError: libfoo.so: not found"):
                worker.run(SPEC, "double", X)
        with pytest.raises(FrameworkError, match="libfoo"):
            worker.versions()


def test_foreign_errors_come_on_one_line(worker: Worker) -> None:
    with pytest.raises(FrameworkError, match=r"^faulty: ValueError: no such thing$"):
        worker.run(SPEC, "raise", X)


def test_what_cannot_be_sent_leaves_the_child_as_it_is(worker: Worker) -> None:
    before = worker.run(SPEC, "pid", X)
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        worker.run(SPEC, "double", X, lambda: None)  # type: ignore[arg-type]
    assert worker.run(SPEC, "pid", X) == before


def test_our_errors_keep_their_class(worker: Worker) -> None:
    with pytest.raises(GeometryError, match="expected int >= 1 but got stride=0"):
        worker.run(SPEC, "geometry", X)


def test_the_child_does_not_import_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "click.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    with Worker("faulty") as worker:
        assert not worker.run(SPEC, "path", X)[0]


def test_close_does_not_wait_for_a_job() -> None:
    worker = Worker("faulty")
    assert worker.versions()
    running, waiting = (worker.submit(SPEC, "hang", X) for _ in range(2))
    while not running.running():
        time.sleep(0.01)
    worker.close()
    worker.close()
    for future in (running, waiting, worker.submit(SPEC, "double", X)):
        with pytest.raises(FrameworkError, match=r"^faulty: its worker is closed$"):
            future.result(timeout=5)


def test_close_does_not_wait_for_loading() -> None:
    worker = Worker("slow")
    asked = worker.submit(SPEC, "double", X)
    worker.close()  # the job sleeps for far longer than the test may take
    with pytest.raises(FrameworkError, match="closed"):
        asked.result(timeout=5)


def test_a_cancelled_job_is_left_out(worker: Worker) -> None:
    worker.submit(SPEC, "double", X)
    last = [worker.submit(SPEC, "crash", X) for _ in range(3)]
    cancelled = [future.cancel() for future in last]
    for future, gone in zip(last, cancelled, strict=True):
        assert gone == future.cancelled()
    assert np.array_equal(worker.run(SPEC, "double", X), X * 2)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_child_ends_with_its_parent() -> None:
    code = (
        f"import sys; sys.path[:] = {[str(entry) for entry in sys.path]!r}\n"
        "import os, numpy as np\n"
        "from padcheck.frameworks.worker import Worker\n"
        "from tests.frameworks.test_worker import SPEC, X\n"
        "print(Worker('faulty').run(SPEC, 'pid', X)[0], flush=True)\n"
        "os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, f"process {pid} outlived its parent"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process is there and is no zombie that nobody has reaped."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_an_unknown_framework_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="but got 'caffe'"):
        Worker("caffe")


def test_a_missing_framework_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from padcheck import frameworks

    monkeypatch.setattr(frameworks, "is_installed", lambda module: False)
    line = r"^torch: not installed \(pip install 'padcheck\[torch\]'\)$"
    with pytest.raises(MissingFramework, match=line):
        Worker("torch")


def test_a_process_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(FrameworkError, match=r"^faulty: cannot start \(FileNotFoundError: "):
        Worker("faulty")


@pytest.mark.parametrize(
    ("framework", "lowering"), [("torch", "torch"), ("keras", "tf_same"), ("onnx", "onnxruntime")]
)
def test_real_frameworks_in_a_child(framework: str, lowering: str) -> None:
    spec = op(CONV, (9, 9), 3, 2, pads=(1, 1), bias=True)
    case = example(spec)
    with Worker(framework) as worker:
        observed = worker.run(spec, lowering, case.x, case.weight, case.bias)
        assert_computes(spec, case, observed, str(spec))
        assert framework in worker.versions()
