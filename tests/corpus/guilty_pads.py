"""PAD101 to PAD110 on the ops with windows: one row per fault, every kind and rank of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.corpus import engine
from tests.corpus.cases import RANKS, WINDOWED, Case, numpy_box, real_box, windowed

_SAME, _LOWER = engine.same, engine.same_lower


@dataclass(frozen=True)
class Row:
    """An op of n inputs, k, s, d and the builders' `pads`, whose box pads by `rule`."""

    code: str
    title: str
    n: int
    k: int
    s: int
    d: int
    pads: Any
    rule: Any
    kinds: tuple[str, ...] = WINDOWED
    ranks: tuple[int, ...] = RANKS


_ROWS = [
    Row("PAD101", "torch read as SAME", 8, 3, 2, 1, 1, _SAME),
    Row("PAD101", "SAME read as torch", 8, 3, 2, 1, "same_upper", 1),
    Row("PAD101", "wide torch read as SAME", 10, 7, 2, 1, 3, _SAME, ("conv",), (1, 2)),
    Row("PAD101", "k5 torch read as SAME", 8, 5, 2, 1, 2, _SAME),
    Row("PAD101", "unpadded read as SAME", 8, 3, 2, 1, 0, _SAME),
    Row("PAD101", "even kernel unpadded read as SAME", 6, 2, 1, 1, "valid", _SAME),
    Row("PAD101", "torch read as SAME_LOWER", 8, 5, 4, 1, 2, _LOWER),
    Row("PAD101", "SAME even kernel read as torch", 9, 4, 3, 1, "same_upper", 1),
    Row("PAD102", "upper read as lower", 8, 5, 4, 1, "same_upper", _LOWER),
    Row("PAD102", "lower read as upper", 8, 3, 2, 1, "same_lower", _SAME),
    Row("PAD102", "even kernel upper as lower", 7, 4, 1, 1, "same_upper", _LOWER),
    Row("PAD102", "fixed pair swapped", 8, 3, 2, 1, (0, 1), (1, 0)),
    Row("PAD102", "fixed wide pair swapped", 10, 7, 2, 1, (2, 3), (3, 2), ranks=(1, 2)),
    Row("PAD103", "causal centred", 8, 3, 1, 1, "causal", engine.centred, ranks=(1,)),
    Row("PAD103", "dilated causal centred", 10, 3, 1, 2, "causal", engine.centred, ranks=(1,)),
    Row("PAD103", "strided causal centred", 8, 3, 2, 1, "causal", 1, ranks=(1,)),
    Row("PAD103", "centred causal", 8, 3, 1, 1, 1, engine.causal, ranks=(1,)),
    Row("PAD103", "time centred", 6, 3, 1, 1, [(2, 0), (1, 1)], [(1, 1), (1, 1)], ranks=(2,)),
    Row("PAD103", "time causal", 6, 3, 1, 1, [(1, 1), (1, 1)], [(2, 0), (1, 1)], ranks=(2,)),
    Row(
        "PAD103",
        "depth centred",
        5,
        3,
        1,
        1,
        [(2, 0), (1, 1), (1, 1)],
        [(1, 1), (1, 1), (1, 1)],
        ranks=(3,),
    ),
    Row(
        "PAD103",
        "depth causal",
        5,
        3,
        1,
        1,
        [(1, 1), (1, 1), (1, 1)],
        [(2, 0), (1, 1), (1, 1)],
        ranks=(3,),
    ),
    Row("PAD104", "lost", 6, 3, 1, 1, 1, 0),
    Row("PAD104", "lost and silent", 8, 3, 4, 1, 1, 0),
    Row("PAD104", "auto_pad ignored", 7, 3, 1, 1, "same_upper", 0),
    Row("PAD104", "strided auto_pad ignored", 9, 5, 2, 1, "same_lower", 0),
    Row("PAD104", "causal lost", 8, 3, 1, 1, "causal", 0, ranks=(1,)),
    Row("PAD105", "before only", 9, 3, 2, 1, 1, (1, 0)),
    Row("PAD105", "after only", 9, 3, 2, 1, 1, (0, 1)),
    Row("PAD105", "after only and silent", 11, 5, 4, 1, 2, (0, 2)),
    Row("PAD105", "before for both", 10, 5, 2, 1, (1, 2), (1, 1)),
    Row("PAD105", "after for both", 8, 4, 3, 1, (0, 2), (2, 2)),
    Row("PAD105", "doubled", 6, 3, 1, 1, 1, 2),
    Row("PAD105", "doubled and silent", 11, 5, 4, 1, 1, 2),
    Row("PAD106", "SAME undilated", 9, 3, 1, 2, "same_upper", engine.undilated),
    Row("PAD106", "SAME undilated with a stride", 9, 3, 2, 2, "same_upper", engine.undilated),
    Row("PAD106", "torch read as undilated SAME", 9, 3, 1, 2, 2, engine.undilated),
    Row("PAD106", "k2 undilated", 7, 2, 1, 3, "same_upper", engine.undilated, ranks=(1, 2)),
    Row("PAD107", "floored", 9, 1, 5, 1, "same_upper", engine.unclamped),
    Row("PAD107", "truncated", 9, 1, 5, 1, "same_upper", engine.unclamped_truncated),
    Row("PAD107", "unpadded read as floored", 9, 1, 5, 1, 0, engine.unclamped),
    Row("PAD107", "k2", 8, 2, 5, 1, "same_upper", engine.unclamped),
    Row("PAD107", "even negative total", 10, 2, 6, 1, "same_lower", engine.unclamped),
    Row("PAD108", "frozen and silent", 9, 5, 3, 1, "same_upper", engine.frozen(_SAME, 7)),
    Row("PAD108", "frozen at even", 9, 3, 2, 1, "same_upper", engine.frozen(_SAME, 8)),
    Row("PAD108", "lower frozen at even", 9, 3, 2, 1, "same_lower", engine.frozen(_LOWER, 8)),
    Row("PAD109", "ends exchanged", 9, 5, 2, 1, (1, 3), (3, 1)),
    Row("PAD109", "axes exchanged", 9, 5, 3, 1, [(1, 1), (2, 2)], [(2, 2), (1, 1)], ranks=(2,)),
    Row(
        "PAD109",
        "begins and ends read as pairs",
        8,
        5,
        1,
        1,
        [(1, 3), (2, 4)],
        [(1, 2), (3, 4)],
        ranks=(2,),
    ),
    Row(
        "PAD109",
        "axes reversed",
        7,
        5,
        1,
        1,
        [(0, 0), (1, 1), (2, 2)],
        [(2, 2), (1, 1), (0, 0)],
        ranks=(3,),
    ),
    Row("PAD110", "silent SAME", 7, 3, 3, 1, 2, _SAME),
    Row("PAD110", "unpadded read as SAME", 9, 3, 2, 1, 0, _SAME),
    Row("PAD110", "padded read as SAME", 6, 3, 1, 1, 0, _SAME),
]


def cases() -> list[Case]:
    return [case for row in _ROWS for kind in row.kinds for case in _of(row, kind)]


def _of(row: Row, kind: str) -> Iterator[Case]:
    """Our own box at every rank, and a framework's own call where there is one."""
    for rank in row.ranks:
        arguments = windowed(kind, rank, row.n, row.k, row.s, row.d, row.pads)
        own = numpy_box(kind, row.k, row.s, row.d, row.rule)
        yield Case((row.code,), kind, row.title, arguments, own)
        real = real_box(kind, row.k, row.s, row.d, row.rule)
        if real is not None:
            yield Case((row.code,), kind, f"{row.title} for real", arguments, real)
