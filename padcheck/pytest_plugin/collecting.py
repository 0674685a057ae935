"""`--padcheck-model`: one test item per op of a model.

Compared with another model there are two items more: `end-to-end`, for the outputs, and
`target-ops`, for ops that no other item stands for, such as those of the target without a
partner. Models are read when they are collected, and measured when the first item runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.desk import CHECKS, DESK
from padcheck.pytest_plugin.measuring import Call
from padcheck.pytest_plugin.outcomes import Unverified

if TYPE_CHECKING:
    from padcheck.pytest_plugin.measuring import Listing
    from padcheck.pytest_plugin.options import ModelPair
    from padcheck.records import Report

__all__ = ["ModelFile", "OpItem", "model_files", "named_file"]

END_TO_END = "end-to-end"
TARGET_OPS = "target-ops"

#: What `-k` and node ids take as part of a name; `::` parts them, `[` would start parameters.
_UNSAFE = re.compile(r"[^\w.+\-/]+")
_WORDS = ("and", "or", "not", "None", "True", "False")


def model_files(session: pytest.Session) -> Iterator[ModelFile]:
    """A collector for each model of the options, unless an argument names its file already.

    The models of the ini file are left out where the arguments ask for single test files, and
    all that are not named where the arguments ask for single ops.
    """
    options = session.config.stash[DESK].options
    if not options.asked and _only_tests(session):
        return
    named = [session.isinitpath(place_of(pair.source)) for pair in options.models]
    if any(named) and all("::" in arg for arg in session.config.args):
        return
    for index, is_named in enumerate(named):
        if not is_named:
            yield ModelFile.of(session, index)


def _only_tests(session: pytest.Session) -> bool:
    """Whether the arguments are test files or single tests, and nothing wider."""
    if session.config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    return all("::" in arg or os.path.isfile(arg) for arg in session.config.args)


def named_file(path: Path, parent: pytest.Collector) -> ModelFile | None:
    """The collector of a model whose file is itself an argument of pytest; else None."""
    if not parent.session.isinitpath(path):
        return None
    for index, pair in enumerate(parent.config.stash[DESK].options.models):
        if place_of(pair.source) == path:
            return ModelFile.of(parent, index)
    return None


def place_of(source: Path) -> Path:
    """The file that stands for a model in node ids: pytest takes no `folder::name`."""
    inside = source / "saved_model.pb"
    return inside if inside.is_file() else source


class ModelFile(pytest.File):
    """A model, as a collector of items."""

    index: int
    ops: tuple[str, ...] = ()

    @classmethod
    def of(cls, parent: pytest.Collector, index: int) -> ModelFile:
        """The collector of the model at that place among the options."""
        pair = parent.config.stash[DESK].options.models[index]
        path, root = place_of(pair.source), parent.config.rootpath
        nodeid = Path(os.path.relpath(path, root)).as_posix()  # pytest's is empty outside the root
        if isinstance(parent, pytest.Session):
            path = root / nodeid  # where `--lf` looks for it
        made: ModelFile = cls.from_parent(parent, path=path, nodeid=nodeid)
        made.index = index
        return made

    @property
    def pair(self) -> ModelPair:
        """The model, and what it is compared with."""
        return self.config.stash[DESK].options.models[self.index]

    def collect(self) -> Iterator[OpItem]:
        """One item per op, in the model's order.

        Raises CollectError, one line, for a model that cannot be read.
        """
        from padcheck.errors import PadcheckError

        try:
            self._check_format()
            listing = self._listing(self.pair.source)
            self._check_shapes()
        except PadcheckError as error:
            raise self.CollectError(f"{error}") from None
        self.ops = listing.ops
        more = () if self.pair.target is None else (TARGET_OPS, END_TO_END)
        what = (*listing.ops, *more)
        for at, (name, told) in enumerate(zip(safe_ids(what), what, strict=True)):
            op = told if at < len(listing.ops) else None
            yield OpItem.from_parent(self, name=name, op=op, at=at, what=told)

    def _listing(self, path: Path) -> Listing:
        desk = self.config.stash[DESK]
        return desk.measurements.listing(Path(shown(path)), trust=desk.options.settings.trust)

    def _check_format(self) -> None:
        """Raises UsageError for what can be compared alone, where there is nothing to compare."""
        from padcheck.checks.compare.opening import format_of
        from padcheck.errors import UsageError

        source = Path(shown(self.pair.source))
        if self.pair.target is None and format_of(source) != "onnx":
            raise UsageError(
                f"{source}: expected an ONNX model to diagnose; what this one is compared with is "
                "named by --padcheck-against"
            )

    def _check_shapes(self) -> None:
        """Raises UsageError for an input that no model has."""
        from padcheck.errors import UsageError

        options = self.config.stash[DESK].options
        if not options.settings.input_shape:
            return
        had = {name for pair in options.models for name in self._listing(pair.source).inputs}
        for name in options.settings.input_shape:
            if name not in had:
                listed = ", ".join(sorted(had))
                raise UsageError(f"expected an input of {listed} but got input shape {name!r}")

    @property
    def call(self) -> Call:
        """What measures this model."""
        desk = self.config.stash[DESK]
        settings = desk.options.settings
        shapes = desk.shapes(settings, self._listing(self.pair.source).inputs)
        source = shown(self.pair.source)
        options: dict[str, Any] = {"input_shapes": shapes or None}
        if self.pair.target is None:
            options["static"] = settings.static
            return Call(command="diagnose", source=source, options=options)
        options["trust"] = settings.trust
        target = shown(self.pair.target)
        return Call(command="compare", source=source, target=target, options=options)


def shown(path: Path) -> str:
    """The path as a user would write it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def safe_ids(names: Sequence[str]) -> list[str]:
    """The names without what node ids or `-k` trip over, each another."""
    ids: list[str] = []
    taken: dict[str, int] = {}
    for name in names:
        made = base = _UNSAFE.sub("_", name).strip("_").lstrip("-_") or "op"
        if base in _WORDS:
            made = base = f"{base}_"
        number = taken.get(base, 1)
        while made in taken:
            number += 1
            made = f"{base}-{number}"
        taken[base] = number
        taken.setdefault(made, 1)
        ids.append(made)
    return ids


class OpItem(pytest.Item):
    """One op of a model; or, without an op, what all ops together leave to be checked."""

    def __init__(self, *, op: str | None, at: int, what: str, **more: Any) -> None:
        super().__init__(**more)
        self.op = op
        self.at = at
        self.what = what
        self.add_marker("padcheck")
        self.stash[CHECKS] = []

    @property
    def file(self) -> ModelFile:
        """The model that it is of."""
        assert isinstance(self.parent, ModelFile)
        return self.parent

    def runtest(self) -> None:
        """Measures the model if no item did so far; passes, fails or is unverified."""
        from padcheck.errors import PadcheckError

        desk, call = self.config.stash[DESK], self.file.call
        try:
            whole = desk.measurements.report(call)
        except PadcheckError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        report = self._part(whole)
        if report is None:
            raise Unverified(f"unverified: {self.what}: the model's report has no such op")
        desk.hold(
            self,
            report,
            desk.options.settings,
            command=self._command(report, call),
            names=[self.nodeid, self.name, self.what],
            among=whole,
            place=(self.file.index, self.at),
        )

    def _part(self, whole: Report) -> Report | None:
        """What of the model's report is this item's; None for nothing."""
        from padcheck.pytest_plugin.judging import narrowed

        if self.op is not None:
            ops = [
                op for op in whole.ops if not op.of_target and self.op in (op.name, *op.stands_for)
            ]
            return narrowed(whole, ops[:1], whole=False) if ops else None
        if self.what == END_TO_END:
            return narrowed(whole, (), whole=True)
        known = set(self.file.ops)
        others = [op for op in whole.ops if op.of_target or op.name not in known]
        return narrowed(whole, others, whole=False)

    def _command(self, report: Report, call: Call) -> str | None:
        from padcheck.report.commands import shortest_command

        return shortest_command(report, source=call.source, target=call.target, **call.options)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text alone for what padcheck says; for anything else, what pytest says."""
        if not isinstance(excinfo.value, (AssertionError, pytest.fail.Exception)):
            return super().repr_failure(excinfo, style)
        told = excinfo.getrepr(style="value")
        if told.reprcrash is not None:  # what `--tb=line` prints: the model, and no code of ours
            told.reprcrash.path, told.reprcrash.lineno = str(self.path), 1
        return told

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """The model's file, and the op.

        pytest writes `::` for the dots of a name that its node id ends with: this one's does not.
        """
        return self.path, 0, f"{self.what} of {self.file.pair.source.name}"
