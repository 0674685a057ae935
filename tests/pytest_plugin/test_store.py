"""What processes share: made once, whoever asks, and no wait for a process that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from padcheck.pytest_plugin.store import Died, Store
from tests.support import ROOT

#: Makes a text of its own, slowly, and says so in a file; prints what it got.
ASKING = """
import os, sys, time
from padcheck.pytest_plugin.store import Died, Store

def make():
    with open("made", "a") as file:
        file.write("once\\n")
    while not os.path.exists("go on"):
        time.sleep(0.01)
    if os.path.exists("fail"):
        raise ValueError("cannot")
    return f"made by {os.getpid()}"

try:
    print(Store(".").get("key", make))
except Died as error:
    print("died", error)
except ValueError as error:
    print("raised", error)
"""


def asking(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASKING],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.01)


def made(folder: Path) -> int:
    return len((folder / "made").read_text().splitlines())


def test_many_that_ask_at_once_get_what_one_made(tmp_path: Path) -> None:
    processes = [asking(tmp_path) for _ in range(3)]
    wait_for(tmp_path / "made")
    (tmp_path / "go on").touch()
    texts = [process.communicate(timeout=60)[0] for process in processes]
    assert texts[0].startswith("made by ")
    assert len(set(texts)) == 1
    assert made(tmp_path) == 1


def test_who_waits_for_a_process_that_is_killed_is_told(tmp_path: Path) -> None:
    first = asking(tmp_path)
    wait_for(tmp_path / "made")
    second = asking(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    assert first.returncode == -signal.SIGKILL
    assert second.communicate(timeout=60)[0] == f"died {first.pid}\n"
    with pytest.raises(Died, match=str(first.pid)):
        Store(tmp_path).get("key", lambda: "too late")
    assert made(tmp_path) == 1
    assert Store(tmp_path).get("another key", lambda: "fine") == "fine"


def test_what_raises_raises_for_each(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    (tmp_path / "go on").touch()
    processes = [asking(tmp_path) for _ in range(2)]
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert told == ["raised cannot\n"] * 2
    assert made(tmp_path) == 2


def test_what_is_made_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get("key", lambda: "one \N{SNOWMAN}\n") == "one \N{SNOWMAN}\n"
    assert store.get("key", lambda: "two") == "one \N{SNOWMAN}\n"
    assert store.get("Key", lambda: "three") == "three"


def test_one_may_be_made_within_another(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get("outer", lambda: store.get("inner", lambda: "text") + "!") == "text!"
    assert store.get("inner", lambda: "other") == "text"
