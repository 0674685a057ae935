"""The shipped test kit for framework runners: does a framework do what its dialect says.

    from padcheck.checks.conformance import assert_conforms

    def test_my_framework():
        assert_conforms("my_framework", known="my_divergences.json")

Every geometry of the suite goes through each lowering in a child process and is compared with
padcheck's own oracle, integer for integer. A divergence that no entry of the file of known ones
names fails, and so does an entry that no longer diverges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from padcheck.checks.conformance.faults import divergences
from padcheck.checks.conformance.known import find_known, load_known, stale_entries
from padcheck.checks.conformance.report import ConformanceReport, Divergence
from padcheck.checks.conformance.trials import UNRUN, Bench, Outcome
from padcheck.checks.suite import case_id, suite
from padcheck.errors import UsageError
from padcheck.frameworks import Framework
from padcheck.frameworks import framework as framework_named
from padcheck.records import OpSpec

__all__ = ["ConformanceReport", "Divergence", "assert_conforms", "conformance"]

Progress = Callable[[int, int], None]


def assert_conforms(
    framework: str | Framework,
    *,
    lowerings: Sequence[str] | None = None,
    known: str | Path | None = None,
) -> None:
    """Raises AssertionError, with every new divergence and stale entry, unless all is as said.

    Arguments and other errors as for `conformance`.
    """
    __tracebackhide__ = True
    report = _conformance(framework, lowerings, known, None, shrink_known=False)
    if not report.ok:
        raise AssertionError(str(report))


def conformance(
    framework: str | Framework,
    *,
    lowerings: Sequence[str] | None = None,
    known: str | Path | None = None,
    progress: Progress | None = None,
) -> ConformanceReport:
    """Runs the suite through a framework's lowerings, all unless some are named.

    `framework`: a name of the registry, or a registered record (built in, or an entry point of
    the group `padcheck.frameworks`: the child process finds it by its name). `known`: a file of
    known divergences; unless given, `divergences.json` beside the framework's runner, if there
    is one. `progress(done, trials)` is called after every geometry.

    Raises UsageError for unknown names and malformed files, MissingFramework where the framework
    is not installed, FrameworkError where it cannot be loaded.
    """
    return _conformance(framework, lowerings, known, progress, shrink_known=True)


def _conformance(
    framework: str | Framework,
    lowerings: Sequence[str] | None,
    known: str | Path | None,
    progress: Progress | None,
    *,
    shrink_known: bool,
) -> ConformanceReport:
    entry = framework_named(framework if isinstance(framework, str) else framework.name)
    chosen = _lowerings(entry, lowerings)
    path = known if known is not None else find_known(entry)
    entries = () if path is None else load_known(path)
    specs = {case_id(spec): spec for spec in suite()}
    with Bench(entry) as bench:
        versions = bench.versions()
        seen = _seen(bench, chosen, specs, progress)
        found = divergences(bench, seen, specs, entries, shrink_known=shrink_known)
    return ConformanceReport(
        framework=entry.name,
        versions=versions,
        lowerings=chosen,
        counts=dict(Counter(outcome.how for outcome in seen.values())),
        divergences=found,
        stale=tuple(stale_entries(entries, seen, set(specs))),
        unrun=tuple(
            f"{lowering} {case}: {outcome.said}"
            for (lowering, case), outcome in seen.items()
            if outcome.how == UNRUN
        ),
    )


def _lowerings(entry: Framework, asked: Sequence[str] | None) -> tuple[str, ...]:
    for lowering in asked or ():
        if lowering not in entry.lowerings:
            known = ", ".join(entry.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
    return entry.lowerings if asked is None else tuple(dict.fromkeys(asked))


def _seen(
    bench: Bench, lowerings: Sequence[str], specs: dict[str, OpSpec], progress: Progress | None
) -> dict[tuple[str, str], Outcome]:
    """(lowering, case id) -> what came of it, lowering by lowering.

    Each case is run by all lowerings in turn, so that a runner may build once for several.
    """
    places = [(lowering, case) for case in specs for lowering in lowerings]
    found = bench.outcomes((lowering, specs[case]) for lowering, case in places)
    seen: dict[tuple[str, str], Outcome] = {}
    for place, outcome in zip(places, found, strict=True):
        seen[place] = outcome
        if progress is not None:
            progress(len(seen), len(places))
    return {(lowering, case): seen[lowering, case] for lowering in lowerings for case in specs}
