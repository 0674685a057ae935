"""What is run or saved: the nodes of a model's main graph, and its weights beside them.

Nodes and weights are those of the model that was read, not copies. For onnxruntime the graph is
written without the large weights, which it is handed as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.network.constants import array_of
from padcheck.frameworks.onnx.network.reaching import reaching
from padcheck.frameworks.onnx.reading.tensors import Dims, tensor_type

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    Weight = onnx.TensorProto | NDArray[Any]

__all__ = ["NUMPY_TYPES", "Program", "array_of_weight", "program_of"]

#: Constants of fewer bytes are written into the graph: they may decide its shapes.
SMALL = 1 << 12

#: Initializers of models before this IR version are inputs of the graph as well.
FIRST_IR_WITH_FREE_INITIALIZERS = 4

#: TensorProto.DataType of what numpy has a type for: all integers, bool and floats but bfloat16.
NUMPY_TYPES = frozenset([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13])


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`base` gives all but the nodes and weights; `shapes` replace those of the inputs.

    `path` is the file that holds just this program, None where there is none. `is_resized`:
    the sizes that the file declares inside of the graph no longer hold. `is_part`: the graph's
    outputs are left out.
    """

    base: onnx.ModelProto
    nodes: Sequence[onnx.NodeProto]
    weights: Mapping[str, Weight]
    folder: Path | None = None
    path: str | None = None
    shapes: Mapping[str, Dims] = field(default_factory=dict)
    is_resized: bool = False
    is_part: bool = False

    @property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """The true inputs: those that no initializer of the file gives."""
        given = {one.name for one in self.base.graph.initializer}
        return [one for one in self.base.graph.input if one.name not in given]

    @property
    def outputs(self) -> list[str]:
        """The names of the graph's outputs."""
        return [one.name for one in self.base.graph.output]

    def made(self) -> frozenset[str]:
        """Every value that comes out of a node."""
        return frozenset(name for node in self.nodes for name in node.output if name)

    def resized(self, shapes: Mapping[str, Dims]) -> Program:
        """The same with other sizes of its inputs."""
        return replace(self, shapes={**self.shapes, **shapes}, path=None, is_resized=True)

    def only(self, names: Iterable[str]) -> Program:
        """What the values `names` are computed from; they are outputs only by `light(names)`."""
        nodes, used = reaching(self.nodes, names)
        weights = {name: weight for name, weight in self.weights.items() if name in used}
        return replace(self, nodes=nodes, weights=weights, path=None, is_part=True)

    def light(self, extra: Iterable[str]) -> tuple[onnx.ModelProto, dict[str, NDArray[Any]]]:
        """The model without its large weights, and these as arrays; `extra` are more outputs.

        Raises ValueError and OSError where a weight is malformed or not there.
        """
        import onnx

        model = self._frame()
        arrays: dict[str, NDArray[Any]] = {}
        for name, weight in self.weights.items():
            if _is_small(weight):
                model.graph.initializer.append(_tensor(name, weight, self.folder))
                continue
            arrays[name] = _array(weight, self.folder)
            stub = model.graph.initializer.add(name=name, data_type=_type_of(weight))
            stub.dims.extend(arrays[name].shape)
            stub.data_location = onnx.TensorProto.EXTERNAL
            stub.external_data.add(key="location", value="memory")
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in extra)
        return model, arrays

    def whole(self) -> onnx.ModelProto:
        """The model with all of its weights; raises as `light`."""
        model = self._frame()
        for name, weight in self.weights.items():
            model.graph.initializer.append(_tensor(name, weight, self.folder))
        if not self.is_resized:
            made = self.made()
            kept = (one for one in self.base.graph.value_info if one.name in made)
            model.graph.value_info.extend(kept)
        return model

    def _frame(self) -> onnx.ModelProto:
        import onnx

        graph = onnx.GraphProto(name=self.base.graph.name or "graph", node=self.nodes)
        graph.sparse_initializer.extend(self.base.graph.sparse_initializer)
        graph.input.extend(self._declared_inputs())
        if not self.is_part:
            graph.output.extend(self.base.graph.output)
        if self.is_resized:
            for one in graph.output:
                if one.type.HasField("tensor_type"):
                    one.type.tensor_type.ClearField("shape")
        return onnx.ModelProto(
            ir_version=self.base.ir_version,
            producer_name=self.base.producer_name,
            producer_version=self.base.producer_version,
            domain=self.base.domain,
            model_version=self.base.model_version,
            opset_import=self.base.opset_import,
            metadata_props=self.base.metadata_props,
            functions=self.base.functions,
            graph=graph,
        )

    def _declared_inputs(self) -> Iterable[onnx.ValueInfoProto]:
        import onnx

        for one in self.inputs:
            dims = self.shapes.get(one.name)
            kind = one.type
            if dims is not None:
                kind = tensor_type(kind.tensor_type.elem_type, dims)
            yield onnx.ValueInfoProto(name=one.name, type=kind)
        if self.base.ir_version < FIRST_IR_WITH_FREE_INITIALIZERS:
            for name, weight in self.weights.items():
                kind = tensor_type(_type_of(weight), _dims(weight))
                yield onnx.ValueInfoProto(name=name, type=kind)


def program_of(proto: onnx.ModelProto, folder: Path | None, path: str | None) -> Program:
    """The program of a model as it was read."""
    weights: dict[str, Weight] = {one.name: one for one in proto.graph.initializer}
    nodes = []
    for node in proto.graph.node:
        tensor = _constant(node)
        if tensor is None:
            nodes.append(node)
        else:
            weights[node.output[0]] = tensor
    return Program(base=proto, nodes=nodes, weights=weights, folder=folder, path=path)


def _constant(node: onnx.NodeProto) -> onnx.TensorProto | None:
    """The large tensor of a Constant node, which is taken for an initializer."""
    if node.op_type != "Constant" or node.domain or len(node.attribute) != 1:
        return None
    attribute = node.attribute[0]
    if attribute.name != "value" or not attribute.HasField("t") or _is_small(attribute.t):
        return None
    tensor: onnx.TensorProto = attribute.t
    return tensor


def _type_of(weight: Weight) -> int:
    import numpy as np
    import onnx

    if isinstance(weight, np.ndarray):
        return int(onnx.helper.np_dtype_to_tensor_dtype(weight.dtype))
    return int(weight.data_type)


def _dims(weight: Weight) -> tuple[int, ...]:
    import numpy as np

    return tuple(weight.shape) if isinstance(weight, np.ndarray) else tuple(weight.dims)


def _is_small(weight: Weight) -> bool:
    """Whether it goes into the graph: small, or of a type that numpy has not."""
    import numpy as np

    if isinstance(weight, np.ndarray):
        return bool(weight.nbytes <= SMALL)
    if weight.data_type not in NUMPY_TYPES:
        return True
    return not weight.external_data and int(weight.ByteSize()) <= SMALL


def array_of_weight(weight: Weight, folder: Path | None) -> NDArray[Any]:
    """Its values; raises ValueError and OSError where it is malformed or not there."""
    import numpy as np

    return weight if isinstance(weight, np.ndarray) else array_of(weight, folder)


def _array(weight: Weight, folder: Path | None) -> NDArray[Any]:
    import numpy as np

    array = array_of_weight(weight, folder)
    return np.require(array, requirements=["C", "ALIGNED"])


def _tensor(name: str, weight: Weight, folder: Path | None) -> onnx.TensorProto:
    """The weight with its values inside, under its name here."""
    import numpy as np
    import onnx

    if isinstance(weight, np.ndarray):
        return onnx.numpy_helper.from_array(weight, name)
    if weight.external_data:
        return onnx.numpy_helper.from_array(array_of(weight, folder), name)
    if weight.name == name:
        return weight
    copy = onnx.TensorProto()
    copy.CopyFrom(weight)
    copy.name = name
    return copy
