"""Several faults at once, such as a converter that knows few attributes makes of a rich op.

Rules:
1. At most one fault of each stage, in the order in which they act: stride, dilation or window
   lost (PAD903); the last window's rule (PAD301); where the windows start; the bias (PAD901,
   PAD904); what padding holds and counts for. Each is offered for the op as the stages before
   have left it.
2. Two faults at least, and two of them of the grid, or a bias in the wrong place under a fill, or
   three in all: what is simpler was tried.
3. An op of another output size than the one seen goes no further than the grid.
4. Nor does one that is wrong where no padding is read: what padding holds does not help it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce

from padcheck.causes import ARRAY, FILL, GRID, NO_CLUES, Cause, Clues, all_causes
from padcheck.records import Deviation, OpKind, OpSpec, Rearrangement
from padcheck.verdict.suspects import Suspect, only_changed

__all__ = ["stacked"]

_ATTRIBUTE, _ROUNDING, _BIAS = "PAD903", "PAD301", ("PAD901", "PAD904")
_MOST_FAULTS = 5

#: A chain of faults: what each has made of the op.
_Chain = tuple[tuple[Cause, OpSpec], ...]
_Chains = dict[OpSpec, _Chain]
#: What a stage makes of an op: each fault, and the op with it.
_Stage = Callable[[OpSpec], Iterable[tuple[Cause, OpSpec]]]


def stacked(
    reference: OpSpec,
    size: tuple[int, ...],
    inside: Callable[[OpSpec], bool],
    clues: Callable[[OpSpec], Clues],
) -> Iterator[list[Suspect]]:
    """Suspects of two, three, four and five faults, list by list.

    `size` is the output size that was seen; `inside(spec)` whether the outputs that read no
    padding are those of `spec`; `clues(spec)` what the others suggest.
    """
    if reference.kind is OpKind.RESIZE:
        return
    chains: _Chains = {reference: ()}
    for stage in _grid_stages():
        chains = _further(chains, stage)
    chains = {spec: chain for spec, chain in chains.items() if spec.output_size == size}  # rule 3
    chains = _further(chains, _bias_stage)
    chains = {spec: chain for spec, chain in chains.items() if inside(spec)}  # rule 4
    chains = _further(chains, lambda spec: _offered(_of_family(FILL), spec, clues(spec)))
    for count in range(2, _MOST_FAULTS + 1):
        yield [
            _suspect(reference, spec, chain)
            for spec, chain in chains.items()
            if len(chain) == count and _is_new(chain)
        ]


def _of_family(family: str) -> tuple[Cause, ...]:
    return tuple(cause for cause in all_causes() if cause.family == family)


def _grid_stages() -> Iterator[_Stage]:
    grid = _of_family(GRID)
    yield _stage(tuple(cause for cause in grid if cause.code == _ATTRIBUTE))
    yield _stage(tuple(cause for cause in grid if cause.code == _ROUNDING))
    yield _stage(tuple(cause for cause in grid if cause.code not in (_ATTRIBUTE, _ROUNDING)))


def _stage(causes: tuple[Cause, ...]) -> _Stage:
    return lambda spec: _offered(causes, spec)


def _bias_stage(spec: OpSpec) -> Iterator[tuple[Cause, OpSpec]]:
    before = spec.deviation or Deviation()
    causes = tuple(cause for cause in all_causes() if cause.code in _BIAS)
    for cause, faulty in _offered(causes, spec):
        after = faulty.deviation or Deviation()
        moved = after.rearranged is Rearrangement.BIAS_LAST and before.rearranged is None
        if moved or after.bias_factor != before.bias_factor:
            yield cause, faulty


def _offered(
    causes: Iterable[Cause], spec: OpSpec, clues: Clues = NO_CLUES
) -> Iterator[tuple[Cause, OpSpec]]:
    return ((cause, faulty) for cause in causes for faulty in cause.offers(spec, clues))


def _further(chains: _Chains, stage: _Stage) -> _Chains:
    """Every chain as it is, and with each fault of the stage; of two ways to an op the shorter."""
    made = dict(chains)
    for spec, chain in chains.items():
        for cause, faulty in stage(spec):
            known = made.get(faulty)
            if known is None or len(known) > len(chain) + 1:
                made[faulty] = (*chain, (cause, faulty))
    return made


def _is_new(chain: _Chain) -> bool:
    """Rule 2."""
    families = [cause.family for cause, _ in chain]
    return len(chain) > 2 or families in ([GRID, GRID], [ARRAY, FILL])


def _suspect(reference: OpSpec, spec: OpSpec, chain: _Chain) -> Suspect:
    steps = list(zip((reference, *(op for _, op in chain)), (op for _, op in chain), strict=False))
    alone = (_changed(reference, step) for step in steps)
    without = (
        reduce(_changed, (one for one in steps if one is not step), reference) for step in steps
    )
    return Suspect(tuple(cause for cause, _ in chain), spec, tuple(alone), without=tuple(without))


def _changed(op: OpSpec, step: tuple[OpSpec, OpSpec]) -> OpSpec:
    """`op` with what is changed from the first of two ops to the second, and nothing else."""
    before, after = step
    changes = {
        name: getattr(after, name)
        for name in ("kernel_size", "stride", "dilation", "rounding", "p")
        if getattr(after, name) != getattr(before, name)
    }
    made = only_changed(op, before, after).replace(**changes)
    rules = ((spec.pads, spec.output_padding, spec.output_shape) for spec in step)
    return made if len(set(rules)) == 1 else made.with_pads(after.resolved_pads)
