"""Each model is read once and measured once in a session, however many tests ask."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck import errors
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.pytest_plugin.store import Died, Store

if TYPE_CHECKING:
    from padcheck.records import Report

__all__ = ["Call", "Listing", "Measurements"]

#: Arguments that do not tell which report comes out, or that do more than report.
_UNKEPT = ("fix", "inputs", "progress", "example_inputs")


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

    def run(self) -> Report:
        """The report; what frameworks print and warn of on their way is not the user's."""
        from padcheck.frameworks.quiet import muted

        with muted(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.command == "diagnose":
                from padcheck.checks.diagnose import diagnose

                return diagnose(self.source, **self.options)
            from padcheck.checks.compare import compare

            return compare(self.source, self.target, **self.options)


def _stamp(path: Path) -> list[Any]:
    """A file's place, time and size; of a folder, those of all files in it."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    told: list[Any] = [os.path.realpath(path)]
    for each in files:
        try:
            stat = each.stat()
        except OSError:  # whoever opens it says what is wrong
            continue
        told.append([str(each), stat.st_mtime_ns, stat.st_size])
    return told


class Measurements:
    """Reports and listings by what was asked for; shared with other processes by `store`."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._kept: dict[str, Any] = {}

    def report(self, call: Call) -> Report:
        """The report of a call; raises the PadcheckError that the call raised.

        Its models go by the paths of this call, however another wrote them.
        """
        from padcheck.records import Report

        key = call.key()
        if key is None:
            return call.run()
        if key not in self._kept:
            told = self._told(key, lambda: call.run().to_dict())
            self._kept[key] = told if isinstance(told, PadcheckError) else Report.from_dict(told)
        report: Report = self._raised(self._kept[key])
        target = _renamed(report.target, call.target)
        return replace(report, source=_renamed(report.source, call.source), target=target)

    def listing(self, path: Path, *, trust: bool) -> Listing:
        """What a model holds; raises ModelError, MissingFramework."""
        key = json.dumps(["listing", _stamp(path), trust])
        if key not in self._kept:
            told = self._told(key, lambda: _list(path, trust))
            if not isinstance(told, PadcheckError):
                told = Listing(tuple(told["inputs"]), tuple(told["ops"]))
            self._kept[key] = told
        listing: Listing = self._raised(self._kept[key])
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
            return FrameworkError("the process that was to measure this model ended before it did")
        if "error" in told:
            name, message = told["error"]
            kind = getattr(errors, name, PadcheckError)
            return kind(message)
        return told["made"]


def _renamed(ref: Any, model: Any) -> Any:
    """A reference to a model by the path that was given; to one that was converted, as it is."""
    return ref if ref is None or model is None else replace(ref, path=str(Path(model)))


def _list(path: Path, trust: bool) -> dict[str, list[str]]:
    from padcheck.checks.compare.opening import format_of, open_model
    from padcheck.frameworks.quiet import muted

    with muted(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if format_of(path) == "onnx":
            from padcheck.frameworks.onnx.reader import read_model

            read = read_model(path)
            return {"inputs": list(read.inputs), "ops": [site.name for site in read.sites]}
        network = open_model(path, trust=trust)
        return {
            "inputs": [tensor.name for tensor in network.inputs],
            "ops": [site.name for site in network.sites],
        }
