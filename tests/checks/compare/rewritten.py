"""Networks written otherwise that compute the same; None where one has nothing to rewrite."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.checks.compare.mutants import (
    add_weight,
    after,
    attribute,
    before,
    copy,
    held,
    node_of,
    rename,
)

__all__ = ["REWRITTEN"]

Model = onnx.ModelProto


def settings(node: onnx.NodeProto) -> dict[str, Any]:
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def array(model: Model, name: str) -> Any:
    return numpy_helper.to_array(held(model, name))


def ops(model: Model, *kinds: str) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if node.op_type in kinds]


def readers(model: Model, name: str) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if name in node.input]


def renamed(model: Model) -> Model:
    made = copy(model)
    ends = {"x", *(each.name for each in made.graph.output)}
    names = {each.name: f"c{at}" for at, each in enumerate(made.graph.initializer)}
    for at, node in enumerate(made.graph.node):
        node.name = f"op{at * 7 % 97}"
        if node.output[0] not in ends:
            names[node.output[0]] = f"v{at}"
    for node in made.graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
    for each in made.graph.initializer:
        each.name = names[each.name]
    return made


def reordered(model: Model) -> Model:
    made = copy(model)
    left, ready = list(made.graph.node), {"x", "", *(each.name for each in made.graph.initializer)}
    generator = random.Random(3)
    del made.graph.node[:]
    while left:
        node = generator.choice([each for each in left if ready.issuperset(each.input)])
        left.remove(node)
        ready.update(node.output)
        made.graph.node.append(node)
    return made


def norm_folded(model: Model) -> Model | None:
    made = copy(model)
    norms = ops(made, "BatchNormalization")
    for norm in norms:
        conv = node_of(made, norm.input[0])
        scale, shift, mean, variance = (array(made, name) for name in norm.input[1:])
        factor = scale / np.sqrt(variance + settings(norm)["epsilon"])
        weight = array(made, conv.input[1])
        folded = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
        add_weight(made, f"{conv.name}.folded", folded.astype(np.float32))
        add_weight(made, f"{conv.name}.bias", (shift - mean * factor).astype(np.float32))
        conv.input[1:] = [f"{conv.name}.folded", f"{conv.name}.bias"]
        rename(made, norm.output[0], conv.output[0])
        made.graph.node.remove(norm)
    return made if norms else None


def groups_split(model: Model) -> Model | None:
    made = copy(model)
    convs = [node for node in ops(made, "Conv") if settings(node).get("group", 1) > 1]
    for conv in convs:
        given = settings(conv)
        group = given.pop("group")
        weight = array(made, conv.input[1])
        inputs, at = weight.shape[1], list(made.graph.node).index(conv)
        made.graph.node.remove(conv)
        parts = []
        for number, part in enumerate(np.split(weight, group)):
            name = f"{conv.name}.{number}"
            bounds = (
                ("start", number * inputs),
                ("end", (number + 1) * inputs),
                ("axis", 1),
            )
            held_bounds = [
                add_weight(made, f"{name}.{key}", np.array([at_])) for key, at_ in bounds
            ]
            values = [f"{name}.x", add_weight(made, f"{name}.w", part)]
            if len(conv.input) > 2:
                bias = np.split(array(made, conv.input[2]), group)[number]
                values.append(add_weight(made, f"{name}.b", bias))
            slice_ = helper.make_node("Slice", [conv.input[0], *held_bounds], [f"{name}.x"])
            parts += [slice_, helper.make_node("Conv", values, [name], name=name, **given)]
        outputs = [part.output[0] for part in parts[1::2]]
        parts.append(helper.make_node("Concat", outputs, [conv.output[0]], axis=1))
        for node in reversed(parts):
            made.graph.node.insert(at, node)
    return made if convs else None


def pads_apart(model: Model) -> Model | None:
    """A convolution's pads in two Pads before it."""
    made, done = copy(model), False
    for name in [node.name for node in ops(made, "Conv")]:
        pads = settings(node_of(made, name)).get("pads", [])
        half = len(pads) // 2
        made = attribute(made, name, pads=None)
        for turn, share in enumerate((0.5, 1.0)):
            part = [int(amount * share) - int(amount * (share - 0.5)) for amount in pads]
            if any(part):
                full = np.array([0, 0, *part[:half], 0, 0, *part[half:]], np.int64)
                amounts = add_weight(made, f"{name}.amounts{turn}", full)
                before(made, node_of(made, name), "Pad", amounts, turn=turn)
                done = True
    return made if done else None


def bias_apart(model: Model) -> Model | None:
    made, done = copy(model), False
    for conv in ops(made, "Conv", "ConvTranspose"):
        if len(conv.input) > 2:
            rank = array(made, conv.input[1]).ndim
            bias = array(made, conv.input[2]).reshape(1, -1, *(1,) * (rank - 2))
            del conv.input[2]
            after(made, conv, "Add", add_weight(made, f"{conv.name}.apart", bias))
            done = True
    return made if done else None


def as_two_dimensional(model: Model) -> Model | None:
    made = copy(model)
    if len(made.graph.input[0].type.tensor_type.shape.dim) != 3:
        return None
    for name in [
        node.name for node in ops(made, "Conv", "ConvTranspose", "MaxPool", "AveragePool")
    ]:
        given = settings(node_of(made, name))
        more = {
            key: [1, *given[key]]
            for key in ("kernel_shape", "strides", "dilations")
            if key in given
        }
        if "pads" in given:
            more["pads"] = [0, given["pads"][0], 0, given["pads"][1]]
        if "output_padding" in given:
            more["output_padding"] = [0, *given["output_padding"]]
        made = attribute(made, name, **more)
        node = node_of(made, name)
        if node.op_type.startswith("Conv"):
            weight = array(made, node.input[1])[:, :, None]
            node.input[1] = add_weight(made, f"{name}.flat", weight)
        axes = add_weight(made, f"{name}.axes", np.array([2]))
        before(made, node, "Unsqueeze", axes)
        after(made, node, "Squeeze", axes)
    return made


def channels_last(model: Model) -> Model:
    """The input comes channels last, and goes through Transposes to where it is read."""
    made = copy(model)
    dims = made.graph.input[0].type.tensor_type.shape.dim
    sizes = [each.dim_value for each in dims]
    first = [0, len(sizes) - 1, *range(1, len(sizes) - 1)]
    rename(made, "x", "x_first")
    made.graph.node.insert(0, helper.make_node("Transpose", ["x"], ["x_first"], perm=first))
    for dim, size in zip(dims, [sizes[0], *sizes[2:], sizes[1]], strict=True):
        dim.dim_value = size
    return made


def relu_behind_pool(model: Model) -> Model | None:
    made, done = copy(model), False
    for pool in ops(made, "MaxPool"):
        above = next((node for node in ops(made, "Relu") if node.output[0] == pool.input[0]), None)
        if above is not None and len(readers(made, above.output[0])) == 1:
            pool.input[0] = above.input[0]
            made.graph.node.remove(above)
            after(made, pool, "Relu")
            done = True
    return made if done else None


def identities(model: Model, op: str = "Identity") -> Model:
    made = copy(model)
    ends = {each.name for each in made.graph.output}
    for node in list(made.graph.node):
        if node.output[0] not in ends and node.op_type != "Pad":
            after(made, node, op)
    return made


def dropouts(model: Model) -> Model:
    return identities(model, "Dropout")


def half_stored(model: Model) -> Model:
    made = copy(model)
    for tensor in list(made.graph.initializer):
        if tensor.name.endswith(".w") and not tensor.name.startswith("fc"):
            name = tensor.name
            short = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(short, f"{name}.half"))
            made.graph.node.insert(0, helper.make_node("Cast", [f"{name}.half"], [name], to=1))
    return made


def _next_conv(model: Model, conv: onnx.NodeProto) -> onnx.NodeProto | None:
    """The one plain convolution that reads what a convolution gives, but for Relus and pools."""
    name = conv.output[0]
    while True:
        following = readers(model, name)
        if len(following) != 1:
            return None
        if following[0].op_type in ("Relu", "MaxPool", "AveragePool"):
            name = following[0].output[0]
            continue
        plain = following[0].op_type == "Conv" and settings(following[0]).get("group", 1) == 1
        own = plain and all(
            len(readers(model, node.input[1])) == 1 for node in (conv, following[0])
        )
        return following[0] if own else None


def _through(model: Model, change: Any) -> Model | None:
    """One pair of convolutions, the outputs of one and the inputs of the other changed alike."""
    made = copy(model)
    for conv in ops(made, "Conv"):
        other = _next_conv(made, conv)
        if other is None or settings(conv).get("group", 1) > 1:
            continue
        weights = [array(made, node.input[1]) for node in (conv, other)]
        bias = array(made, conv.input[2]) if len(conv.input) > 2 else None
        one, two, shift = change(*weights, bias)
        conv.input[1] = add_weight(made, "one.changed", one.astype(np.float32))
        other.input[1] = add_weight(made, "two.changed", two.astype(np.float32))
        if shift is not None:
            conv.input[2] = add_weight(made, "bias.changed", shift.astype(np.float32))
        return made
    return None


def scale_moved(model: Model) -> Model | None:
    def change(one: Any, two: Any, bias: Any) -> Any:
        factor = np.random.default_rng(1).uniform(0.25, 4, len(one))
        ones = (1,) * (one.ndim - 1)
        made = one * factor.reshape(-1, *ones), two / factor.reshape(1, -1, *ones[1:])
        return *made, None if bias is None else bias * factor

    return _through(model, change)


def channels_permuted(model: Model) -> Model | None:
    def change(one: Any, two: Any, bias: Any) -> Any:
        order = np.random.default_rng(0).permutation(len(one))
        return one[order], two[:, order], None if bias is None else bias[order]

    return _through(model, change)


def wider_then_cropped(model: Model) -> Model | None:
    """A wider pad before, and the outputs that it adds cut off."""
    made, done = copy(model), False
    for name in [node.name for node in ops(made, "Conv")]:
        node = node_of(made, name)
        given, rank = settings(node), array(made, node.input[1]).ndim - 2
        if "auto_pad" in given:
            continue
        strides, pads = given.get("strides", [1] * rank), given.get("pads", [0] * 2 * rank)
        wider = [*np.add(pads[:rank], strides), *pads[rank:]]
        made = attribute(made, name, pads=[int(amount) for amount in wider])
        bounds = (("start", [1] * rank), ("end", [2**31] * rank), ("axes", range(2, 2 + rank)))
        inputs = [add_weight(made, f"{name}.{key}", np.array(list(value))) for key, value in bounds]
        after(made, node_of(made, name), "Slice", *inputs)
        done = True
    return made if done else None


REWRITTEN = (
    renamed,
    reordered,
    norm_folded,
    groups_split,
    pads_apart,
    bias_apart,
    as_two_dimensional,
    channels_last,
    relu_behind_pool,
    identities,
    dropouts,
    half_stored,
    scale_moved,
    channels_permuted,
    wider_then_cropped,
)
