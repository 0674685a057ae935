"""Each model is read once and measured once in a session, however many tests ask."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck import errors
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.pytest_plugin.store import Died, Store

if TYPE_CHECKING:
    from padcheck.checks.lab import Lab
    from padcheck.records import Report

__all__ = ["Call", "Listing", "Lost", "Measurements"]

#: Arguments that do not tell which report comes out, or that do more than report.
_UNKEPT = ("fix", "inputs", "progress", "example_inputs")
#: Files of so many bytes together stay in memory between being listed and being measured.
_MOST_BYTES = 1 << 29


class Lost(FrameworkError):
    """Another process died of what is asked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a model holds: its inputs and its windowed ops by name, in their order."""

    inputs: tuple[str, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of `padcheck.compare` (two models) or `padcheck.diagnose` (one)."""

    command: str
    source: Any
    target: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def key(self) -> str | None:
        """What tells its report from others; None where that cannot be told.

        A file that was written to since is another model.
        """
        models = [self.source] if self.target is None else [self.source, self.target]
        if not all(isinstance(model, (str, os.PathLike)) for model in models):
            return None
        if any(self.options.get(name) is not None for name in _UNKEPT):
            return None
        stamps = [_stamp(Path(model)) for model in models]
        return json.dumps([self.command, stamps, self.options], sort_keys=True, default=str)

    def run(self, source: Any, lab: Callable[[], Lab]) -> Report:
        """The report; what frameworks print and warn of on their way is not the user's.

        `source` is the source, or what was read of it; `lab` gives frameworks that run.
        """
        with _undisturbed():
            if self.command == "diagnose":
                return _diagnosed(source, lab, **self.options)
            from padcheck.checks.compare import compare

            return compare(source, self.target, **self.options)


def _diagnosed(source: Any, lab: Callable[[], Lab], **options: Any) -> Report:
    from padcheck.checks.diagnose import Opened, diagnose, diagnose_in

    if options.pop("static", False):
        return diagnose(source, static=True, **options)
    if isinstance(source, (str, os.PathLike)):
        source = Opened(source)
    if not isinstance(source, Opened) or "example_inputs" in options:
        return diagnose(source, **options)
    return diagnose_in(lab(), source, **options)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    from padcheck.frameworks.quiet import muted

    with muted(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _stamp(path: Path) -> list[Any]:
    """A file's place, time and size; of a folder, those of all files in it."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    told: list[Any] = [os.path.realpath(path)]
    for each in files:
        try:
            stat = each.stat()
        except OSError:  # whoever opens it says what is wrong
            continue
        told.append([str(each.relative_to(path)), stat.st_mtime_ns, stat.st_size])
    return told


class Measurements:
    """Reports and listings by what was asked for; shared with other processes by `store`.

    What was read for a listing is kept for the report, as far as memory goes; the frameworks of
    a diagnosis run until `close`.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._kept: dict[str, Any] = {}
        self._opened: dict[str, tuple[Any, int]] = {}
        self._bytes = 0
        self._lab: Lab | None = None

    def close(self) -> None:
        """Ends the frameworks."""
        self._opened.clear()
        if self._lab is not None:
            self._lab.close()

    def _running(self) -> Lab:
        from padcheck.checks.assemble import DIAGNOSED
        from padcheck.checks.lab import Lab

        if self._lab is None:
            self._lab = Lab(DIAGNOSED)
        return self._lab

    def report(self, call: Call) -> Report:
        """The report of a call; raises the PadcheckError that the call raised.

        Its models go by the paths of this call, however another wrote them.
        """
        from padcheck.records import Report

        key = call.key()
        if key is None:
            return call.run(call.source, self._running)
        if key not in self._kept:
            told = self._told(key, lambda: self._run(call).to_dict())
            self._kept[key] = told if isinstance(told, PadcheckError) else Report.from_dict(told)
        report: Report = self._raised(self._kept[key])
        target = _renamed(report.target, call.target)
        return replace(report, source=_renamed(report.source, call.source), target=target)

    def _run(self, call: Call) -> Report:
        source = call.source
        if call.options.get("via") is None:
            trust = bool(call.options.get("trust"))
            place = _place(call.command, Path(source), trust)
            source, size = self._opened.pop(place, (source, 0))
            self._bytes -= size
        return call.run(source, self._running)

    def listing(self, path: Path, command: str, *, trust: bool) -> Listing:
        """What a model that is to be measured by `command` holds.

        Raises ModelError, MissingFramework.
        """
        key = json.dumps(["listing", command, _stamp(path), trust])
        if key not in self._kept:
            told = self._told(key, lambda: self._list(path, command, trust))
            if not isinstance(told, PadcheckError):
                told = Listing(tuple(told["inputs"]), tuple(told["ops"]))
            self._kept[key] = told
        listing: Listing = self._raised(self._kept[key])
        return listing

    def _list(self, path: Path, command: str, trust: bool) -> dict[str, list[str]]:
        with _undisturbed():
            opened, listing = _read(path, command, trust)
        size = path.stat().st_size if path.is_file() else _MOST_BYTES
        if self._bytes + size <= _MOST_BYTES:
            self._bytes += size
            trusted = trust and command == "compare"  # a diagnosis runs no code of the model
            self._opened[_place(command, path, trusted)] = (opened, size)
        return listing

    @staticmethod
    def _raised(kept: Any) -> Any:
        if isinstance(kept, PadcheckError):
            raise kept.with_traceback(None)
        return kept

    def _told(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, or the PadcheckError it raised, by way of the store."""

        def text() -> str:
            try:
                return json.dumps({"made": make()})
            except PadcheckError as error:
                return json.dumps({"error": [type(error).__name__, str(error)]})

        try:
            told = json.loads(text() if self._store is None else self._store.get(key, text))
        except Died:
            return Lost("the process that was to measure this model ended before it did")
        if "error" in told:
            name, message = told["error"]
            kind = getattr(errors, name, PadcheckError)
            return kind(message)
        return told["made"]


def _renamed(ref: Any, model: Any) -> Any:
    """A reference to a model by the path that was given; to one that was converted, as it is."""
    return ref if ref is None or model is None else replace(ref, path=str(Path(model)))


def _place(command: str, path: Path, trust: bool) -> str:
    """What was read of a file for a command, as it is now."""
    return json.dumps([command, _stamp(path), trust])


def _read(path: Path, command: str, trust: bool) -> tuple[Any, dict[str, list[str]]]:
    """The model, ready to be measured, and what it holds."""
    if command == "diagnose":
        from padcheck.checks.diagnose import Opened

        opened = Opened(path)
        read = opened.read()
        return opened, {"inputs": list(read.inputs), "ops": [site.name for site in read.sites]}
    from padcheck.checks.compare.opening import open_model

    network = open_model(path, trust=trust)
    return network, {
        "inputs": [tensor.name for tensor in network.inputs],
        "ops": [site.name for site in network.sites],
    }
