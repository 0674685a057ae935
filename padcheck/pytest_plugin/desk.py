"""What the tests of one process share: the options, the measurements, and how a check is held."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.measuring import Measurements
from padcheck.pytest_plugin.outcomes import Mismatch, Unverified
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

        `place`: the model's and the op's, for an item made from a model; `temporary`: the folder
        that every run has another of. Raises Mismatch, Unverified, and pytest's own for a skip
        or an expected failure.
        """
        __tracebackhide__ = True
        from padcheck.pytest_plugin.judging import weigh

        weighed = weigh(report, settings.allow, self.options.known, names, among=among)
        model, at = place or (None, len(item.stash[CHECKS]))
        check = {
            "model": model,
            "at": at,
            "verdict": report.verdict,
            "allowed": list(weighed.allowed),
            "known": list(weighed.known),
            "seen": list(weighed.seen),
            "report": self._plain(report.to_dict(), temporary),
        }
        item.stash[CHECKS].append(check)
        self._settle(weighed, settings, command)

    def _settle(self, weighed: Weighed, settings: Settings, command: str | None) -> None:
        __tracebackhide__ = True
        verdict = weighed.verdict
        if verdict == "equivalent":
            if weighed.known:
                pytest.xfail("; ".join(self.options.known[at].reason for at in weighed.known))
            return
        from padcheck.report.failure import failure_text, gist

        if verdict == "unverified" and settings.unverified == "skip":
            pytest.skip(gist(weighed.told))
        kind = Mismatch if verdict == "mismatch" else Unverified
        raise kind(failure_text(weighed.told, command=command))

    def _plain(self, value: Any, temporary: str | None) -> Any:
        """Texts without what differs from run to run and from machine to machine."""
        if isinstance(value, str):
            if temporary is not None:
                value = value.replace(temporary, "{tmp}")
            return value.replace(self._root + os.sep, "")
        if isinstance(value, Mapping):
            return {key: self._plain(item, temporary) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item, temporary) for item in value]
        return value


#: The desk of a run.
DESK = pytest.StashKey[Desk]()


def noted(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> pytest.TestReport:
    """The report of a test's phase, with what the test checked as its `padcheck`."""
    checks = item.stash.get(CHECKS, None)
    if checks is None:
        return report
    unverified = call.excinfo is not None and isinstance(call.excinfo.value, Unverified)
    report.padcheck = {  # type: ignore[attr-defined]
        "checks": checks if call.when == "call" else [],
        "unverified": unverified and report.failed,
    }
    return report
