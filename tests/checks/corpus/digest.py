"""What a level holds, as one line: `python -m tests.checks.corpus.digest` prints the table."""

from __future__ import annotations

import hashlib

from padcheck.checks.corpus import LEVELS, corpus
from padcheck.checks.suite import case_id
from padcheck.records.case import Case


def written(case: Case) -> str:
    """All of a case, in words that stay what they are."""
    how = (f"opset={case.opset}", f"dynamic={case.dynamic}", f"padding={case.padding}")
    return "; ".join((case_id(case.spec), *how))


def digest(level: str) -> str:
    """Of the cases in their order."""
    text = "\n".join(map(written, corpus(level)))
    return f"{len(corpus(level))} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


if __name__ == "__main__":
    for each in LEVELS:
        print(each, digest(each))
