"""Whole processes, timed from outside, and the rows that tell of them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}


@dataclass(frozen=True)
class Row:
    """One bar: what was measured, against what, and whether it holds."""

    what: str
    measured: str
    bar: str
    holds: bool


def ratio(what: str, ours: float, bare: float, bar: float, unit: str = "s") -> Row:
    text = f"{ours / bare:.2f} x ({ours:.2f} / {bare:.2f} {unit})"
    return Row(what, text, f"<= {bar} x", ours <= bar * bare)


#: Runs one Python process; prints its exit code, seconds and peak KiB.
SPAWN = """
import os, sys, time
nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
command = [sys.executable, *sys.argv[1:]]
started = time.perf_counter()
pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=nowhere)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - started, usage.ru_maxrss)
"""


def process(*arguments: str) -> tuple[float, float]:
    """(seconds, peak MiB) of one Python process."""
    command = [sys.executable, "-I", "-S", "-c", SPAWN, *arguments]
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    code, seconds, peak = done.stdout.split()
    if int(code) not in (0, 1):
        raise SystemExit(f"failed: {arguments}")
    return float(seconds), int(peak) / 1024


def best(count: int, *commands: tuple[str, ...]) -> list[tuple[float, float]]:
    """The best time and the least memory of each command, run in turns."""
    runs = [[process(*command) for command in commands] for _ in range(count)]
    return [
        (min(run[column][0] for run in runs), min(run[column][1] for run in runs))
        for column in range(len(commands))
    ]
