"""A GraphDef at work in a session of its own, on the CPU."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks.loading import MAX_TEXT, one_line
from padcheck.frameworks.tf_ops import tensorflow
from padcheck.records import printable

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Session", "refused", "tensor_name", "translated"]


class Session:
    """An imported GraphDef; tensors are named `op` or `op:1`.

    `optimizer`: "default" is what every user gets, "no fusing" leaves out grappler's remapper,
    "none" computes node by node. Raises FrameworkError for a graph that cannot be imported.
    """

    def __init__(self, graph_def: Any, *, optimizer: str) -> None:
        tf = tensorflow()
        with translated():
            graph = tf.Graph()
            with graph.as_default():
                tf.import_graph_def(graph_def, name="")
            self._session = tf.compat.v1.Session(graph=graph, config=_config(tf, optimizer))
        self._graph = graph

    def has(self, tensor: str) -> bool:
        """Whether the graph has this tensor."""
        try:
            self._graph.get_tensor_by_name(_indexed(tensor))
        except (KeyError, ValueError):
            return False
        return True

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Any]) -> list[np.ndarray]:
        """The tensors, in order; raises FrameworkError for whatever TensorFlow raises."""
        fed = {_indexed(name): value for name, value in feeds.items()}
        with translated():
            arrays: list[np.ndarray] = self._session.run([_indexed(name) for name in fetches], fed)
        return arrays


def tensor_name(name: str) -> str:
    """Without the ":0" of a first output."""
    return name.removesuffix(":0")


def refused(reason: str) -> FrameworkError:
    """The reason after TensorFlow's name and version."""
    return FrameworkError(f"tensorflow {tensorflow().__version__}: {reason}")


def _indexed(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _config(tf: Any, optimizer: str) -> Any:
    config = tf.compat.v1.ConfigProto(device_count={"GPU": 0}, allow_soft_placement=True)
    options = config.graph_options
    if optimizer == "no fusing":
        options.rewrite_options.remapping = options.rewrite_options.OFF
    elif optimizer == "none":
        options.rewrite_options.disable_meta_optimizer = True
        options.optimizer_options.opt_level = options.optimizer_options.L0
    elif optimizer != "default":
        raise ValueError(f"expected default, no fusing or none but got {optimizer!r}")
    return config


@contextmanager
def translated() -> Iterator[None]:
    """What TensorFlow raises, as FrameworkError: what it says about the node, no stack."""
    tf = tensorflow()
    try:
        yield
    except PadcheckError:
        raise
    except tf.errors.OpError as error:
        text = printable(" ".join(_said(error).split()))[:MAX_TEXT]
        raise refused(f"{type(error).__name__}: {text}") from error
    except Exception as error:
        raise refused(one_line(error)) from error


def _said(error: Any) -> str:
    """The sentence within "Detected at node ... Node: 'x' <sentence> [[{{node x}}]] ..."."""
    text = re.split(r"\nNode: '[^\n]*'\n", str(error.message))[-1]
    return re.split(r"\n\s*\[\[", text)[0]
