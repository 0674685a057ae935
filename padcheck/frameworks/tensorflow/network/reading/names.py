"""What a user calls a site: the path of its layer, made from the name of its op.

Keras opens a scope `layer` to build a layer and another, which TensorFlow then calls `layer_1`,
to call it [keras 3.15.1]; so every part of the path ends in a number that is not the user's.
Whether that is so shows by the variables, which are called as their layers are, and where there
are none by the names of the layers themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from padcheck.records import printable, uniquely

__all__ = ["site_names"]

#: Names are cut to this length.
MAX_NAME = 200

#: What an op is called within its layer, at the end of the path.
_LEAF = re.compile(
    r"(Conv[123]D|DepthwiseConv2D|SeparableConv[12]D|Conv[123]DTranspose|convolution|conv_transpose"
    r"|conv[123]d_transpose|depthwise|depthwise_conv2d|separable_conv2d|conv1d|(Max|Avg)Pool([123][dD])?)"
    r"(_\d+)?"
)
#: Functions that were called, and are no part of the path.
_CALLS = re.compile(r"(Stateful)?PartitionedCall(_\d+)?|__inference.*|jit_compiled.*")
_NUMBERED = re.compile(r"(.+)_\d+")


def site_names(
    nodes: Sequence[str], variables: Mapping[str, str], layers: Collection[str] = ()
) -> list[str]:
    """One name per op, each of its own.

    `variables`: op -> the name of the variable that is its weight, where there is one. `layers`:
    the names of the layers, as far as they are known.

    1. Function calls, the name of the whole model, and what the op is called in its layer go.
    2. So does the number of each scope, where layers have one.
    3. Ops that would share a name keep what they are called in their layer, or are counted.
    """
    paths = [_path(node) for node in nodes]
    if _is_numbered(nodes, paths, variables, layers):  # rule 2
        paths = [[*map(_unnumbered, path[:-1]), path[-1]] for path in paths]
    if paths and all(len(path) > 2 and path[0] == paths[0][0] for path in paths):
        paths = [path[1:] for path in paths]
    elif len(paths) == 1 and len(paths[0]) > 2:
        paths = [paths[0][1:]]
    long = ["/".join(path) for path in paths]
    short = [_short(path) for path in paths]
    return uniquely(_told_apart(short, long))


def _path(node: str) -> list[str]:
    parts = printable(node)[:MAX_NAME].split("/")
    return [part for part in parts if not _CALLS.fullmatch(part)] or parts[-1:]


def _unnumbered(part: str) -> str:
    match = _NUMBERED.fullmatch(part)
    return match.group(1) if match else part


def _is_numbered(
    nodes: Sequence[str],
    paths: Sequence[Sequence[str]],
    variables: Mapping[str, str],
    layers: Collection[str],
) -> bool:
    """Whether most ops with a variable stand in `layer_1` rather than in `layer`; if no op has
    one, most ops.
    """
    plain = numbered = 0
    for node, path in zip(nodes, paths, strict=True):
        parts = variables.get(node, "").split("/")
        if len(parts) < 2:
            continue
        layer = parts[-2]
        plain += layer in path[:-1]
        numbered += layer in map(_unnumbered, path[:-1])
    if plain == numbered == 0 and layers:
        for path in paths:
            plain += any(part in layers for part in path[:-1])
            numbered += any(part not in layers and _unnumbered(part) in layers for part in path)
    return numbered > plain


def _short(path: Sequence[str]) -> str:
    kept = list(path)
    while len(kept) > 1 and _LEAF.fullmatch(kept[-1]):
        kept.pop()
        if kept[-1] not in ("separable_conv2d", "depthwise"):
            break
    return "/".join(kept)


def _told_apart(short: Sequence[str], long: Sequence[str]) -> Iterable[str]:
    """The short name, or the long one where that tells ops of one layer apart."""
    groups: dict[str, list[str]] = {}
    for one, other in zip(short, long, strict=True):
        groups.setdefault(one, []).append(other)
    for one, other in zip(short, long, strict=True):
        group = groups[one]
        yield other if len(group) > 1 and len(set(group)) == len(group) else one
