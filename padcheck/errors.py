"""The exception tree: everything padcheck raises on purpose derives from `PadcheckError`.

PadcheckError
├── UsageError            the caller asked for something that makes no sense (exit 2)
│   └── GeometryError     a size, kernel, stride, dilation or pad out of its range
├── ModelError            a model file that cannot be read (exit 2); names file, node, field
└── FrameworkError        a framework failed or is not there
    └── MissingFramework  not installed; the message says how to get it
"""

from __future__ import annotations

__all__ = [
    "FrameworkError",
    "GeometryError",
    "MissingFramework",
    "ModelError",
    "PadcheckError",
    "UsageError",
]


class PadcheckError(Exception):
    """The root; its text is one line fit to be shown to a user."""


class UsageError(PadcheckError):
    """Wrong arguments from the caller."""


class GeometryError(UsageError, ValueError):
    """A window, pad or size outside of what the definition allows."""


class ModelError(PadcheckError):
    """A model that cannot be read: `where` is the file, `node` and `field` the place in it."""

    def __init__(self, problem: str, *, where: str = "", node: str = "", field: str = "") -> None:
        self.problem = problem
        self.where = where
        self.node = node
        self.field = field
        place = [where, f"node {node}" if node else "", field]
        super().__init__(": ".join([part for part in place if part] + [problem]))


class FrameworkError(PadcheckError):
    """A framework refused or crashed; the message names it with its version."""


class MissingFramework(FrameworkError):
    """A framework that is not installed."""
