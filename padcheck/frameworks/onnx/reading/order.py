"""Topological order of a graph's entries, and the refusal of cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.graph import Entry

__all__ = ["in_topological_order"]


def in_topological_order(
    entries: Sequence[Entry],
    needs: Mapping[Entry, Sequence[str]],
    producers: Mapping[str, Entry],
    where: str,
) -> list[Entry]:
    """The entries, each after those it needs; as they are when that holds already.

    ONNX asks for this order, but runtimes read graphs that are not in it. Raises ModelError,
    naming a node on the cycle, where there is no such order.
    """
    if _is_ordered(entries, needs, producers):
        return list(entries)
    return _sorted(entries, needs, producers, where)


def _is_ordered(
    entries: Sequence[Entry],
    needs: Mapping[Entry, Sequence[str]],
    producers: Mapping[str, Entry],
) -> bool:
    done: set[Entry] = set()
    for entry in entries:
        for name in needs[entry]:
            source = producers.get(name)
            if source is not None and source not in done:
                return False
        done.add(entry)
    return True


def _sorted(
    entries: Sequence[Entry],
    needs: Mapping[Entry, Sequence[str]],
    producers: Mapping[str, Entry],
    where: str,
) -> list[Entry]:
    """Depth first, without recursion: an entry met again before it is done closes a cycle."""
    done: dict[Entry, None] = {}
    for root in entries:
        if root in done:
            continue
        stack = [(root, iter(needs[root]))]
        open_entries = {root}
        while stack:
            entry, names = stack[-1]
            waiting = _first_waiting(names, producers, done)
            if waiting is None:
                stack.pop()
                open_entries.discard(entry)
                done[entry] = None
            elif waiting in open_entries:
                raise _cycle(waiting, where)
            else:
                stack.append((waiting, iter(needs[waiting])))
                open_entries.add(waiting)
    return list(done)


def _first_waiting(
    names: Iterator[str], producers: Mapping[str, Entry], done: Mapping[Entry, None]
) -> Entry | None:
    """The next source that is not done; takes up where the last look ended."""
    for name in names:
        source = producers.get(name)
        if source is not None and source not in done:
            return source
    return None


def _cycle(entry: Entry, where: str) -> ModelError:
    return ModelError(
        "its output is needed to compute its own input; export the model again",
        where=where,
        node=entry.path,
        field="input",
    )
