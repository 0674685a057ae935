"""What the tests of one process share: the options, the measurements, and how a check is held."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.measuring import Measurements
from padcheck.pytest_plugin.outcomes import Mismatch, Unverified, in_pytest
from padcheck.pytest_plugin.store import Store

if TYPE_CHECKING:
    from padcheck.pytest_plugin.judging import Weighed
    from padcheck.pytest_plugin.options import Options
    from padcheck.pytest_plugin.settings import Settings
    from padcheck.records import Report

__all__ = ["CHECKS", "DESK", "Desk", "noted"]

#: What a test checked, JSON-ready; it travels on the test's reports.
CHECKS = pytest.StashKey[list[dict[str, Any]]]()


class Desk:
    """One per process."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.options = options
        self._root = str(config.rootpath)
        self._is_worker = hasattr(config, "workerinput")
        shared = getattr(config, "workerinput", {}).get("padcheck_shared")
        store = Store(shared) if shared and os.path.isdir(shared) else None
        self.measurements = Measurements(store)

    def shapes(self, settings: Settings, inputs: Collection[str]) -> dict[str, tuple[int, ...]]:
        """The shapes given for inputs of one model."""
        given = settings.input_shape
        return {name: shape for name, shape in given.items() if name in inputs}

    def hold(
        self,
        item: pytest.Item,
        report: Report,
        settings: Settings,
        *,
        command: str | None = None,
        names: Collection[str] = (),
        among: Report | None = None,
        place: tuple[int, int] | None = None,
        temporary: str | None = None,
    ) -> None:
        """Lets a test pass, fail, be skipped or be known to fail, and notes what it checked.

        `place`: the model's and the op's, for an item made from a model; `temporary`: the base of
        pytest's temporary folders in this process. Raises Mismatch, Unverified, and pytest's own
        for a skip or an expected failure.
        """
        __tracebackhide__ = True
        from padcheck.pytest_plugin.judging import weigh

        weighed = weigh(report, settings.allow, self.options.known, names, among=among)
        model, at = place or (None, None)
        check = {
            "model": model,
            "at": at,
            "verdict": report.verdict,
            "left": weighed.verdict,
            "allowed": list(weighed.allowed),
            "known": list(weighed.known),
            "seen": list(weighed.seen),
            "allowed_ops": weighed.allowed_ops,
            "known_ops": weighed.known_ops,
            "report": self._plain(report.to_dict(), temporary),
        }
        item.stash[CHECKS].append(check)
        self._settle(weighed, settings, command)

    def _settle(self, weighed: Weighed, settings: Settings, command: str | None) -> None:
        __tracebackhide__ = True
        verdict = weighed.verdict
        if verdict == "equivalent":
            if weighed.known:
                pytest.xfail("; ".join(self.options.known[at].why for at in weighed.known))
            return
        from padcheck.report.failure import failure_text, gist

        if verdict == "unverified" and settings.unverified == "skip":
            pytest.skip(in_pytest(gist(weighed.told)))
        kind = Mismatch if verdict == "mismatch" else Unverified
        lines = [in_pytest(failure_text(weighed.told))]
        raise kind("\n\n".join(lines + ([f"reproduce: {command}"] if command else [])))

    def _plain(self, value: Any, temporary: str | None) -> Any:
        """Texts without what differs from run to run and from machine to machine.

        pytest counts the folders of a process: which is `test_a0` and which `test_a1` depends on
        the tests before, and each worker has a base of its own in one for all.
        """
        if isinstance(value, str):
            if temporary is not None:
                base = os.path.dirname(temporary) if self._is_worker else temporary
                value = _numbered(base).sub(r"{tmp}\1", value)
            value = value.replace(self._root + os.sep, "")
            return value.encode(errors="backslashreplace").decode()  # xdist takes no other
        if isinstance(value, Mapping):
            return {key: self._plain(item, temporary) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item, temporary) for item in value]
        return value


def _numbered(base: str) -> re.Pattern[str]:
    """A worker's base or the one for all, and a folder in it up to its number."""
    return re.compile(re.escape(base) + r"(?:[\\/]popen-gw\d+)?(?:([\\/][^\\/]*?)\d+(?=[\\/]|$))?")


#: The desk of a run.
DESK = pytest.StashKey[Desk]()


def noted(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> pytest.TestReport:
    """The report of a test's phase, with what was checked in it as its `padcheck`.

    A test that ends before it gets its fixture has checked nothing.
    """
    checks = item.stash.get(CHECKS, None)
    if checks is None and "padcheck" not in getattr(item, "fixturenames", ()):
        return report
    unverified = call.excinfo is not None and isinstance(call.excinfo.value, Unverified)
    report.padcheck = {  # type: ignore[attr-defined]
        "checks": list(checks or ()),
        "unverified": unverified and report.failed,
        "of_model": getattr(item, "of_model", None),
    }
    if checks:
        checks.clear()
    crash = getattr(report.longrepr, "reprcrash", None)
    if (
        crash is not None
        and call.excinfo
        and isinstance(call.excinfo.value, (Mismatch, Unverified))
    ):
        crash.message = crash.message.partition("\n")[0]  # for summaries; the text has it all
    if report.skipped and isinstance(report.longrepr, tuple) and report.padcheck["of_model"]:
        report.longrepr = (str(item.path), 1, report.longrepr[2])  # the model, and no line of ours
    return report
