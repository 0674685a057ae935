"""One test item per op of a model, and those for what all ops together leave."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from padcheck.pytest_plugin.desk import CHECKS, DESK
from padcheck.pytest_plugin.known import END_TO_END
from padcheck.pytest_plugin.outcomes import Unverified, in_pytest
from padcheck.pytest_plugin.settings import marked

if TYPE_CHECKING:
    from padcheck.pytest_plugin.collecting import ModelFile
    from padcheck.pytest_plugin.measuring import Call
    from padcheck.records import Report

__all__ = ["NOTHING", "TARGET_OPS", "OpItem", "safe_ids"]

TARGET_OPS = "target-ops"
#: The one item of a model that has nothing to diagnose; it is skipped, and says so.
NOTHING = "no-windowed-ops"

#: What `-k` and node ids take as part of a name; `::` parts them, `[` would start parameters.
_UNSAFE = re.compile(r"[^\w.+\-/]+")
_WORDS = ("and", "or", "not", "None", "True", "False")


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
    def of_model(self) -> tuple[int, int]:
        """The places of its model among the options, and of its op there."""
        return self.file.index, self.at

    @property
    def file(self) -> ModelFile:
        """The model that it is of."""
        return cast("ModelFile", self.parent)

    def runtest(self) -> None:
        """Measures the model if no item did so far; passes, fails or is unverified."""
        from padcheck.errors import PadcheckError
        from padcheck.pytest_plugin.measuring import Lost

        desk, call = self.config.stash[DESK], self.file.call
        try:
            whole = desk.measurements.report(call)
        except Lost as error:  # as the test that died of it: which one it was is chance
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        except PadcheckError as error:
            raise Unverified(in_pytest(str(error))) from None
        report = self._part(whole)
        if self.what == NOTHING and report is not None and not report.ops:
            pytest.skip(f"{call.source} has no convolution and no pool")
        if report is None:
            raise Unverified(f"{self.what}: the model's report has no such op")
        desk.hold(
            self,
            report,
            marked(self, desk.options.settings),
            command=self._command(report, call),
            names=[self.nodeid, self.name, self.what],
            among=whole,
            place=self.of_model,
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
