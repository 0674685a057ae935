"""Running the command line as a user does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"


def padcheck(*arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """The command's result: returncode, stdout, stderr."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "padcheck", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **env},
        timeout=300,
    )


@contextmanager
def installed_package(folder: Path, name: str, entry_points: str) -> Iterator[None]:
    """A package of that name with those entry points, as pip would leave it in `folder`."""
    from padcheck import frameworks

    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    added = [str(folder), str(ROOT)]
    sys.path[:0] = added
    frameworks._entry_points.cache_clear()
    try:
        yield
    finally:
        for entry in added:
            sys.path.remove(entry)
        frameworks._entry_points.cache_clear()
