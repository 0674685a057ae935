"""Failing classes with the same causes, told once: what is wrong, the proof, and where else.

Rules:
1. Classes are told together where their causes are the same, and what those say differs in
   numbers and names alone, or in what an end is called on so many axes. The one told is proven,
   if any is, and takes the fewest words.
2. Of its notes those are left out that a message says already; and, where a cause explains it,
   what the difference looked like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from padcheck.records import Proof, gist, printable
from padcheck.records.scorecard import Failure
from padcheck.report.case_words import case_words

__all__ = ["ClassGroup", "class_groups", "is_proven", "messages"]

_PADS = re.compile(r"(?:pads|crops): reference (\S+), observed (\S+)$")
_SIZE = "output size"
#: What the ends of two and three axes are called -> the same of one axis.
_ENDS = (
    (re.compile(r"\b(?:back/)?bottom/right\b"), "end"),
    (re.compile(r"\b(?:front/)?top/left\b"), "start"),
)
_PROOFS = ("proven: ", "ambiguous: ")
#: How notes on the looks of a difference begin or go on, and those that tell nothing.
_LOOKS = re.compile(r"seen: |residual: |grid shift: |[\d.]+ % of outputs wrong")
_EMPTY = ("shapes differ", "seen: the shapes differ")


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """Failing classes told together (rule 1), worst first, and the files of their scripts."""

    rows: tuple[Failure, ...]
    scripts: tuple[str | None, ...]

    @property
    def first(self) -> Failure:
        """The class that is told."""
        return self.rows[self._place]

    @property
    def others(self) -> tuple[Failure, ...]:
        """The classes besides it."""
        return self.rows[: self._place] + self.rows[self._place + 1 :]

    @property
    def files(self) -> tuple[str, ...]:
        """The scripts that there are, that of the class that is told before the others."""
        listed = (self.scripts[self._place], *self.scripts)
        return tuple(dict.fromkeys(name for name in listed if name is not None))

    @property
    def _place(self) -> int:
        words = [case_words(one.case) for one in self.rows]
        return min(
            range(len(words)),
            key=lambda at: (not is_proven(self.rows[at]), len(words[at]), words[at], at),
        )

    @property
    def differences(self) -> list[str]:
        """Pads and output sizes that differ, where the messages do not say so (rule 2)."""
        said = " ".join(messages(self.first))
        return [note for note in _notes(self.first) if _differs(note) and not _told(note, said)]

    @property
    def remarks(self) -> list[str]:
        """What else is to be said of the smallest case."""
        return [note for note in _notes(self.first) if not (_differs(note) or _proves(note))]

    @property
    def help(self) -> str:
        """What to do about the causes; "" where nothing can be said."""
        told = [finding.help for finding in self.first.findings if finding.help]
        return printable("; ".join(dict.fromkeys(told)))

    @property
    def proof(self) -> list[str]:
        """How sure the causes are, in the smallest case and in all."""
        told = [note for note in _notes(self.first) if _proves(note)]
        told += [_unexplained(finding.proof) for finding in self.first.findings]
        count = sum(one.count for one in self.rows)
        unproven = count - sum(one.proven for one in self.rows)
        if self.first.codes and 0 < unproven < count:
            told.append(f"not proven in {unproven} of {count} cases")
        elif self.first.codes and unproven == count and is_proven(self.first):
            told.append("proven at the smallest case only")
        return [text for text in dict.fromkeys(told) if text]


def class_groups(
    failures: Sequence[Failure], scripts: Sequence[str | None]
) -> tuple[ClassGroup, ...]:
    """The failures put together (rule 1), in their order."""
    found: dict[Hashable, list[tuple[Failure, str | None]]] = {}
    for one, script in zip(failures, scripts, strict=True):
        key = (one.codes, *map(_gist, messages(one)))
        found.setdefault(key, []).append((one, script))
    return tuple(
        ClassGroup(tuple(one for one, _ in pairs), tuple(script for _, script in pairs))
        for pairs in found.values()
    )


def _gist(message: str) -> str:
    """Rule 1."""
    for named, end in _ENDS:
        message = named.sub(end, message)
    return gist(message)


def messages(failure: Failure) -> tuple[str, ...]:
    """What is wrong, each thing once; how the process of a crash ended."""
    said = [finding.message for finding in failure.findings] or [
        failure.said or "no error was left"
    ]
    return tuple(dict.fromkeys(map(printable, said)))


def is_proven(failure: Failure) -> bool:
    """Whether every cause is proven in the smallest case; a crash needs no proof."""
    return all(finding.proof.status == "proven" for finding in failure.findings)


def _notes(failure: Failure) -> Iterator[str]:
    """Rule 2."""
    explained = all(finding.proof.status != "unexplained" for finding in failure.findings)
    noted = [note for finding in failure.findings for note in finding.notes]
    for note in dict.fromkeys([*noted, *failure.notes]):
        if note and note not in _EMPTY and not (explained and _LOOKS.match(note)):
            yield printable(note)


def _differs(note: str) -> bool:
    return note.startswith(_SIZE) or _PADS.match(note) is not None


def _told(note: str, said: str) -> bool:
    pads = _PADS.match(note)
    return _SIZE in said if pads is None else f"{pads[2]}, expected {pads[1]}" in said


def _proves(note: str) -> bool:
    return note.startswith(_PROOFS)


def _unexplained(proof: Proof) -> str:
    """What is left where nothing explains it; the notes tell every other proof."""
    if proof.status != "unexplained":
        return ""
    off = proof.residual
    return "unexplained" if off is None or math.isinf(off) else f"unexplained, residual {off:g}"
