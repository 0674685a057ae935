"""`grade`: a converter, exporter or runtime over the corpus, and what it gets wrong.

A verdict comes about so: the corpus (`checks.corpus`) has cases; a subject's `Grader` says which
are questions for it, what is right, and converts; `judging` probes what comes out and finds the
causes; `classes` puts the failing cases together; `shrinking` reduces each class to its smallest
geometry; `repros` writes it down as a script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from padcheck import __version__
from padcheck.checks.corpus import LEVELS, VERSION, corpus
from padcheck.checks.grade.assembling import failures_of
from padcheck.checks.grade.classes import refusals
from padcheck.checks.grade.known import excused, load_known
from padcheck.checks.grade.parts import Part, part_of
from padcheck.checks.grade.pool import Here, Pool, Processes, most_jobs
from padcheck.errors import UsageError
from padcheck.records import OpSpec, gist
from padcheck.records.case import HOWS, RIGHT, UNVERIFIED_CASE, Case, Outcome
from padcheck.records.scorecard import Scorecard, Suite, tally

__all__ = ["assert_graded", "grade"]

Convert = str | Callable[..., Any]
Cases = str | Iterable[OpSpec | Case]
Progress = Callable[[int, int], None]

#: The level of a suite that the caller brings.
OWN = "own"


def assert_graded(
    convert: Convert,
    *,
    level: Cases = "quick",
    known: str | Path | None = None,
    jobs: int | None = None,
    layout: str | None = None,
) -> Scorecard:
    """The scorecard of `grade(convert, suite=level)`, if nothing fails but what `known` names.

    `level`: "quick", "standard", "deep", or ops and cases of your own.

    Raises AssertionError, with the scorecard's text, for a failure, a stale entry of `known`, and
    for what could not be judged; else as `grade`.
    """
    __tracebackhide__ = True
    card = grade(convert, suite=level, jobs=jobs, layout=layout, known=known)
    if not card.ok:
        raise AssertionError(str(card))
    return card


def grade(
    convert: Convert,
    *,
    suite: Cases = "quick",
    jobs: int | None = None,
    layout: str | None = None,
    known: str | Path | None = None,
    kinds: str | Iterable[str] = (),
    ranks: int | Iterable[int] = (),
    progress: Progress | None = None,
) -> Scorecard:
    """What `convert` gets right, wrong and refuses, over the cases of `suite`.

    `convert`: the name of a subject (`padcheck grade --list`); "module:function"; or a function
    itself, which is run in this process. A function takes an `onnx.ModelProto` and returns a
    keras.Model, a tf.function, a torch.nn.Module, the bytes of a .tflite, or a function on
    arrays. `layout`: "channels_first" or "channels_last", where the order of what it returns
    cannot be told by its declared shapes. `suite`: "quick", "standard", "deep", or ops and cases
    of your own. `jobs`: processes; two unless told. `known`: a TOML file of known failures.
    `kinds` ("conv", "max_pool", ...) and `ranks` (1, 2, 3) leave all other cases out; entries of
    `known` that are about those as well are not stale.
    `progress(done, total)` is called after every case, and every failing class.

    Raises UsageError for arguments that make no sense, MissingFramework for a subject that is not
    installed, FrameworkError for one that cannot be loaded.
    """
    part = part_of(kinds, ranks)
    level, cases = _cases(suite, part)
    entries = () if known is None else load_known(known)
    with _pool(convert, jobs, layout) as pool:
        asked, left_out = _asked(pool, cases)
        if not asked:
            raise UsageError(_no_question(pool.name, left_out))
        outcomes = _outcomes(pool, asked, progress)
        failures = failures_of(pool, outcomes, progress)
        versions = pool.versions()
    failures, _ = excused(failures, entries)
    _, stale = excused(failures, [entry for entry in entries if part.has(entry)])
    counts = Counter(outcome.how for outcome in outcomes)
    return Scorecard(
        subject=pool.name,
        padcheck=__version__,
        versions=versions,
        suite=Suite(level=level, version=VERSION, cases=len(asked), left_out=left_out),
        counts={how: counts[how] for how in HOWS},
        ops=tally(outcomes),
        failures=failures,
        refusals=refusals(outcomes),
        unverified=tuple(
            (outcome.case, outcome.said or "")
            for outcome in outcomes
            if outcome.how == UNVERIFIED_CASE
        ),
        stale=stale,
        notes=_notes(outcomes),
    )


def _cases(suite: Cases, part: Part) -> tuple[str, tuple[Case, ...]]:
    if isinstance(suite, str):
        if suite not in LEVELS:
            raise UsageError(f"expected a level of {', '.join(LEVELS)} but got {suite!r}")
        return part.named(suite), part.of(corpus(suite))
    if isinstance(suite, (OpSpec, Case)):
        raise UsageError(f"expected several ops, as in [padcheck.conv(...)], but got {suite!r}")
    made = []
    for one in suite:
        if not isinstance(one, (OpSpec, Case)):
            raise UsageError(
                f"expected ops made by padcheck.conv(...) and the like but got {one!r}"
            )
        made.append(one if isinstance(one, Case) else Case(spec=one))
    if not made:
        raise UsageError("expected at least one op to grade but got none")
    return OWN, part.of(dict.fromkeys(made))


def _pool(convert: Convert, jobs: int | None, layout: str | None) -> Pool:
    from padcheck.checks.blackbox import LAYOUTS

    if layout is not None and layout not in LAYOUTS:
        raise UsageError(f"expected one of {', '.join(LAYOUTS)} but got layout={layout!r}")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise UsageError(f"expected a number of jobs from 1 on but got {jobs!r}")
    if isinstance(convert, str):
        return Processes(convert, jobs or most_jobs(), layout=layout)
    if not callable(convert):
        raise UsageError(
            f"expected the name of a subject, module:function or a function but got {convert!r}"
        )
    from padcheck.checks.grade.subjects.callables import OnnxConverter

    name = str(getattr(convert, "__name__", type(convert).__name__))
    return Here(name, OnnxConverter(convert, name, layout))


def _asked(pool: Pool, cases: Sequence[Case]) -> tuple[tuple[Case, ...], dict[str, int]]:
    """The questions for this subject, each once, and how many of the rest are none, and why."""
    answers = pool.asks(cases)
    reasons = Counter(answer for answer in answers if isinstance(answer, str))
    asked = dict.fromkeys(answer for answer in answers if not isinstance(answer, str))
    return tuple(asked), dict(reasons.most_common())


def _no_question(name: str, left_out: Mapping[str, int]) -> str:
    reasons = "; ".join(list(left_out)[:2])
    return f"none of the cases is a question for {name}{f': {reasons}' if reasons else ''}"


def _outcomes(pool: Pool, cases: Sequence[Case], progress: Progress | None) -> tuple[Outcome, ...]:
    found = []
    for done, outcome in enumerate(pool.each(pool.outcome, cases), start=1):
        assert outcome is not None
        found.append(outcome)
        if progress is not None:
            progress(done, len(cases))
    return tuple(found)


def _notes(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What is to be said of cases that are right; what differs in numbers and names alone once."""
    found: dict[str, list[tuple[str, Case]]] = {}
    for outcome in outcomes:
        for note in outcome.notes if outcome.how == RIGHT else ():
            found.setdefault(gist(note), []).append((note, outcome.case))
    return tuple(
        f"{note} ({len(rows)} of what came out right, the first: {case.op_type} {case})"
        for rows in found.values()
        for note, case in rows[:1]
    )
