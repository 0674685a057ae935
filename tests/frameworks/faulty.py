"""A framework that does what a test asks of it; its runner is loaded in worker processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import numpy as np

from padcheck.errors import GeometryError
from padcheck.frameworks import Framework, Package

LOWERINGS = ("double", "noise", "crash", "exit", "hang", "raise", "geometry", "pid", "path")


class FaultyRunner:
    """Doubles x, or misbehaves as the lowering says."""

    lowerings = LOWERINGS

    def versions(self) -> dict[str, str]:
        return {"faulty": "1.0"}

    def run(self, spec: Any, lowering: str, x: np.ndarray, weight: Any, bias: Any) -> np.ndarray:
        if lowering == "noise":
            os.write(1, b"noise " * 100_000)
            print("more noise", flush=True)
        elif lowering == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif lowering == "exit":
            sys.stderr.write("last words\n")
            sys.stderr.flush()
            os._exit(3)
        elif lowering == "hang":
            time.sleep(600)
        elif lowering == "raise":
            raise ValueError("no such\nthing")
        elif lowering == "geometry":
            raise GeometryError("expected int >= 1 but got stride=0 (type=int)")
        elif lowering == "pid":
            return np.array([os.getpid()])
        elif lowering == "path":
            return np.array([os.getcwd() in sys.path or "" in sys.path])
        return x * 2


class SlowToLoad(FaultyRunner):
    """Never loaded."""

    def versions(self) -> dict[str, str]:
        time.sleep(600)
        return {}


class DeadOnLoading(FaultyRunner):
    """Dies while loading."""

    def versions(self) -> dict[str, str]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}


class Unloadable(FaultyRunner):
    """Raises while loading."""

    def versions(self) -> dict[str, str]:
        raise OSError("libfoo.so: not found")


def _framework(name: str, runner: str) -> Framework:
    return Framework(
        name=name,
        lowerings=LOWERINGS,
        packages=(Package("click", ("click",)),),
        extra="faulty",
        runner=f"tests.frameworks.faulty:{runner}",
    )


FAULTY = _framework("faulty", "FaultyRunner")
SLOW = _framework("slow", "SlowToLoad")
DEAD = _framework("dead", "DeadOnLoading")
UNLOADABLE = _framework("unloadable", "Unloadable")
