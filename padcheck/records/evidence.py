"""What was seen and what it proves: Site, Lowered, Mismatch, Proof, Finding."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.records.spec import OpSpec

__all__ = [
    "EQUIVALENT",
    "MISMATCH",
    "UNVERIFIED",
    "BorderShare",
    "Finding",
    "Lowered",
    "Mismatch",
    "Proof",
    "Site",
]

EQUIVALENT = "equivalent"
MISMATCH = "mismatch"
UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One occurrence of a windowed op in a model.

    `spec` is None when it could not be read; `reason` then says why. `dynamic` tells which
    axes of `spec.input_size` are a stand-in, because the model leaves them open.
    """

    name: str
    op_type: str
    spec: OpSpec | None = None
    reason: str | None = None
    folded: tuple[str, ...] = ()
    dynamic: tuple[bool, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_dynamic(self) -> bool:
        """Whether any axis has no fixed size."""
        return any(self.dynamic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """What one lowering makes of an op: the spec it should compute, and the code that builds it.

    `spec` is None when the framework has no words for the op; `reason` then says why. `repair`
    is code that computes the op exactly, for a lowering whose own code does not.
    """

    lowering: str
    spec: OpSpec | None
    code: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    repair: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderShare:
    """The share of wrong elements among the border outputs at one end of one axis."""

    axis: int
    end: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """An exact comparison of observed with expected; all shares are 0..1 of elements compared.

    `kind` is "none", "shape" (nothing compared) or "values". `interior_share` counts outputs
    whose window touches no pad on either side; None when there are none. `max_abs_diff` is None
    when every difference is infinite.
    """

    kind: str
    observed_shape: tuple[int, ...]
    expected_shape: tuple[int, ...]
    wrong: int = 0
    total: int = 0
    max_abs_diff: float | None = 0.0
    interior_share: float | None = None
    border_share: float | None = None
    borders: tuple[BorderShare, ...] = ()
    first: tuple[int, ...] | None = None
    non_finite: int = 0

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.kind == "none"

    @property
    def share(self) -> float:
        """The share of wrong elements; 1.0 when the shapes differ."""
        if self.kind == "shape":
            return 1.0
        return self.wrong / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How sure a cause is: "proven", "ambiguous" or "unexplained".

    `residual` is the largest difference left after the counterfactual, None if that is infinite;
    `separated_at` the geometry at which rivals that coincide here were told apart;
    `contradicted_at` one at which what explains the output here does not explain it;
    `separable_at` one at which rivals differ that could not be run there.
    """

    status: str
    residual: float | None = 0.0
    rivals: tuple[str, ...] = ()
    separated_at: str | None = None
    contradicted_at: str | None = None
    separable_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Message (what is wrong), notes (facts) and help (the fix, as code), never mixed."""

    code: str
    name: str
    op: str
    message: str
    proof: Proof
    lowering: str | None = None
    notes: tuple[str, ...] = ()
    help: str = ""
    safety: str = "safe"
    latent: bool = False
