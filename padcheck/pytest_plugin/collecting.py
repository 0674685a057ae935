"""`--padcheck-model`: one test item per op of a model.

Compared with another model there are two items more: `end-to-end`, for the outputs, and
`target-ops`, for ops that no other item stands for, such as those of the target without a
partner. Models are read when they are collected, and measured when the first item runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.desk import DESK
from padcheck.pytest_plugin.items import NOTHING, TARGET_OPS, OpItem, safe_ids
from padcheck.pytest_plugin.known import END_TO_END
from padcheck.pytest_plugin.measuring import Call
from padcheck.pytest_plugin.outcomes import in_pytest

if TYPE_CHECKING:
    from padcheck.pytest_plugin.measuring import Listing
    from padcheck.pytest_plugin.options import ModelPair

__all__ = ["ModelFile", "model_files", "named_file"]


def model_files(session: pytest.Session) -> Iterator[ModelFile]:
    """A collector for each model of the options, unless an argument names its file already.

    The models of the ini file are left out where the arguments ask for single test files, and
    all that are not named where the arguments ask for single ops.
    """
    options = session.config.stash[DESK].options
    if not options.asked and _only_tests(session):
        return
    named = [session.isinitpath(pair.file) for pair in options.models]
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
        if pair.file == path:
            return ModelFile.of(parent, index)
    return None


class ModelFile(pytest.File):
    """A model, as a collector of items."""

    index: int
    ops: tuple[str, ...] = ()

    @classmethod
    def of(cls, parent: pytest.Collector, index: int) -> ModelFile:
        """The collector of the model at that place among the options."""
        pair = parent.config.stash[DESK].options.models[index]
        path, nodeid = pair.file, pair.nodeid(parent.config)
        if isinstance(parent, pytest.Session):
            path = parent.config.rootpath / nodeid  # where `--lf` looks for it
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
            listing = self._listing(self.pair)
            self._check_shapes()
        except PadcheckError as error:
            raise self.CollectError(in_pytest(str(error))) from None
        self.ops = listing.ops
        more: tuple[str, ...] = (TARGET_OPS, END_TO_END)
        if self.pair.target is None:
            more = () if listing.ops else (NOTHING,)
        what = (*listing.ops, *more)
        for at, (name, told) in enumerate(zip(safe_ids(what), what, strict=True)):
            op = told if at < len(listing.ops) else None
            yield OpItem.from_parent(self, name=name, op=op, at=at, what=told)

    def _listing(self, pair: ModelPair) -> Listing:
        desk = self.config.stash[DESK]
        command = "diagnose" if pair.target is None else "compare"
        path = Path(shown(pair.source))
        return desk.measurements.listing(path, command, trust=desk.options.settings.trust)

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
        had = {name for pair in options.models for name in self._listing(pair).inputs}
        for name in options.settings.input_shape:
            if name not in had:
                listed = ", ".join(sorted(had))
                raise UsageError(f"expected an input of {listed} but got input shape {name!r}")

    @property
    def call(self) -> Call:
        """What measures this model."""
        desk = self.config.stash[DESK]
        settings = desk.options.settings
        shapes = desk.shapes(settings, self._listing(self.pair).inputs)
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
        return os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or a test removed the folder it went to
        return str(path)
