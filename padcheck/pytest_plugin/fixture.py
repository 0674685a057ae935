"""The `padcheck` fixture: the public assertions, under the settings of the test."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.errors import PadcheckError
from padcheck.pytest_plugin.desk import CHECKS, DESK
from padcheck.pytest_plugin.measuring import Call
from padcheck.pytest_plugin.settings import marked

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from padcheck.pytest_plugin.settings import Settings
    from padcheck.records import OpKind, OpSpec, Report

__all__ = ["Padcheck"]


class Padcheck:
    """Assertions on models and functions; each returns its report when it holds.

    What fails them is what is left after the codes that the test allows and the known failures.
    All raise AssertionError, and a PadcheckError for what cannot be read or makes no sense.
    """

    def __init__(self, item: pytest.Item, temporary: str) -> None:
        self._item = item
        item.stash[CHECKS] = []
        self._desk = item.config.stash[DESK]
        self._settings = marked(item, self._desk.options.settings)
        self._temporary = temporary

    def __repr__(self) -> str:
        return "<padcheck>"  # pytest shows it with every failure

    def assert_equivalent(self, source: Any, target: Any = None, **options: Any) -> Report:
        """That `target` is the same model as `source`; takes what `padcheck.compare` takes."""
        __tracebackhide__ = True
        from padcheck.checks.compare import compare

        _check_names(compare, options)
        given = {
            **self._given("compare", source, options),
            "trust": self._settings.trust,
            **options,
        }
        return self._held(Call(command="compare", source=source, target=target, options=given))

    def assert_diagnosed(self, model: Any, example_inputs: Any = None, **options: Any) -> Report:
        """That no op of `model` goes wrong if it is converted naively, with SAME for its pads.

        Takes what `padcheck.diagnose` takes.
        """
        __tracebackhide__ = True
        from padcheck.checks.diagnose import diagnose

        _check_names(diagnose, options)
        given = {
            **self._given("diagnose", model, options),
            "static": self._settings.static,
            **options,
        }
        if example_inputs is not None:
            given["example_inputs"] = example_inputs
        return self._held(Call(command="diagnose", source=model, options=given))

    def assert_callable(
        self, spec: OpSpec, fn: Callable[..., NDArray[Any]], layout: str = "channels_first"
    ) -> Report:
        """That `fn` computes the op `spec`; takes what `padcheck.check_callable` takes."""
        __tracebackhide__ = True
        from padcheck.checks.callable import check_callable, reproduced

        try:
            report = check_callable(spec, fn, layout)
        except PadcheckError as error:
            raise error.with_traceback(None) from None
        command = reproduced(spec, fn, layout)
        settings = self._settings
        if report.findings:  # a function that raises is nothing to skip
            settings = replace(settings, unverified="fail")
        self._hold(report, command, names=_geometry_names(spec), settings=settings)
        return report

    def geometries(
        self, kind: OpKind | str | None = None, rank: int | None = None
    ) -> tuple[OpSpec, ...]:
        """`padcheck.geometries(kind, rank)`."""
        __tracebackhide__ = True
        import padcheck

        return padcheck.geometries(kind, rank)

    @property
    def strategies(self) -> ModuleType:
        """`padcheck.strategies`."""
        import padcheck

        return padcheck.strategies

    def _given(self, command: str, source: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """The shapes of the marker; of those that are for all tests, the ones for this model."""
        __tracebackhide__ = True
        shapes, desk = self._settings.input_shape, self._desk
        for_all = shapes is desk.options.settings.input_shape
        if shapes and for_all and "input_shapes" not in options and isinstance(source, _PATHS):
            try:
                trust = self._settings.trust
                listing = desk.measurements.listing(Path(source), command, trust=trust)
            except PadcheckError as error:
                raise error.with_traceback(None) from None
            shapes = desk.shapes(self._settings, listing.inputs)
        return {"input_shapes": dict(shapes) or None}

    def _held(self, call: Call) -> Report:
        __tracebackhide__ = True
        try:
            report = self._desk.measurements.report(call)
        except PadcheckError as error:
            raise error.with_traceback(None) from None
        self._hold(report, self._command(report, call))
        return report

    def _hold(
        self,
        report: Report,
        command: str,
        names: Sequence[str] = (),
        settings: Settings | None = None,
    ) -> None:
        __tracebackhide__ = True
        self._desk.hold(
            self._item,
            report,
            settings or self._settings,
            command=command,
            names=names,
            temporary=self._temporary,
        )

    def _command(self, report: Report, call: Call) -> str:
        """A command that shows the same; where models are objects, the test itself."""
        from padcheck.report.commands import shortest_command

        told, command = _spoken(call.options), None
        if told is not None:
            command = shortest_command(report, source=call.source, target=call.target, **told)
        return command or f"pytest {shlex.quote(self._here())}"

    def _here(self) -> str:
        """The test's node id, from the folder that pytest was called in."""
        _, sign, name = self._item.nodeid.partition("::")
        try:
            return f"{os.path.relpath(self._item.path)}{sign}{name}"
        except (ValueError, OSError):  # another drive, or the folder is gone
            return self._item.nodeid


_PATHS = (str, os.PathLike)


def _check_names(function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Raises TypeError for an option that the function does not take, as a call of it does."""
    __tracebackhide__ = True
    for name in options:
        if name not in inspect.signature(function).parameters:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}")


#: Options that a command has words for.
_SPOKEN = ("input_shapes", "via", "change_ordering", "static", "trust")


def _spoken(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The options of a command, None where one has no words there."""
    given = {name: value for name, value in options.items() if value is not None}
    return given if all(name in _SPOKEN for name in given) else None


def _geometry_names(spec: OpSpec) -> list[str]:
    """What a file of known failures may call a geometry."""
    from padcheck.checks.suite import case_id

    return [str(spec), repr(spec), case_id(spec)]
