import collections
import functools
import json
from importlib.resources import files

import numpy as np
import onnx
import pytest

from padcheck import UsageError
from padcheck.checks.suite import case_id, suite
from padcheck.checks.suite.words import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    LP,
    MAX,
    TRANSPOSED,
    op,
)
from padcheck.frameworks.onnx import case_refusals
from padcheck.frameworks.onnx.cases import asked, code_of, model_of, reference, refusal
from padcheck.frameworks.onnx.sessions import session
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, PadFlaw, PadPolicy, PadRule
from padcheck.oracle import evaluate
from padcheck.probes import equals, make_probe
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import NODE, OP_TYPES, OWN, SPLIT, Case
from padcheck.records.deviation import Deviation

#: Larger ones are the same models with larger numbers in them.
SMALL = tuple(spec for spec in suite() if max(spec.input_size) <= 48)
PADDINGS = (OWN, NODE, SPLIT)


@functools.cache
def arrays(spec: OpSpec):
    return make_probe(spec).as_float32()


def model(case: Case) -> onnx.ModelProto:
    return model_of(case, *arrays(case.spec)[1:])


def attributes(proto: onnx.ModelProto) -> dict[str, dict[str, object]]:
    return {
        node.op_type: {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        for node in proto.graph.node
    }


@pytest.mark.parametrize("opset", [1, 7, 11, 13, 19, 22, 28])
def test_models_are_valid_and_so_are_the_sizes_they_declare(opset):
    made = collections.Counter()
    for index, spec in enumerate(SMALL[opset % 2 :: 2]):
        for dynamic, padding in ((index % 2 == 0, OWN), (False, NODE), (True, SPLIT)):
            case = asked(Case(spec=spec, opset=opset, dynamic=dynamic, padding=padding))
            if isinstance(case, str):
                continue
            onnx.checker.check_model(model(case), full_check=True)
            made[case.padding] += 1
    assert made[OWN] > 200
    assert min(made[NODE], made[SPLIT]) > 10


@pytest.mark.parametrize(
    ("opset", "dynamic", "padding"), [(22, False, OWN), (13, True, NODE), (19, False, SPLIT)]
)
def test_what_the_models_compute_is_what_they_mean(opset, dynamic, padding):
    """By onnxruntime without optimizations, but for what it is known to do otherwise at 22."""
    listed = files("padcheck.frameworks.onnx").joinpath("divergences.json")
    known = {
        name
        for entry in json.loads(listed.read_text(encoding="utf-8"))
        if "onnxruntime_auto_pad" in entry["lowerings"]
        for name in entry["cases"]
    }
    wrong, right = set(), 0
    for spec in SMALL:
        case = Case(spec=spec, opset=opset, dynamic=dynamic, padding=padding)
        automatic = spec.pads[0].policy not in (PadPolicy.EXPLICIT, PadPolicy.CAUSAL)
        if isinstance(asked(case), str) or asked(case).padding != padding:
            continue
        if automatic and case_id(spec) in known:
            continue
        if computes(case):
            right += 1
        else:
            wrong.add(str(case))
    assert not wrong
    assert right > (300 if padding == OWN else 25)


def computes(case: Case) -> bool:
    probe = make_probe(case.spec)
    x, weight, bias = probe.as_float32()
    y = session(model_of(case, weight, bias), optimized=False)(x)
    if case.spec.kind is OpKind.LP_POOL:
        y = y**case.spec.p
    return equals(y, evaluate(reference(case), probe.x, probe.weight, probe.bias))


def test_code_makes_the_same_model():
    for index, spec in enumerate(SMALL):
        opset = (1, 2, 11, 13, 19, 22)[index % 6]
        case = Case(spec=spec, opset=opset, dynamic=index % 4 == 0, padding=PADDINGS[index % 3])
        if refusal(case) is not None:
            continue
        _, weight, bias = arrays(spec)
        scope = {"onnx": onnx, "np": np, "w": weight, "b": bias}
        code = "\n".join(code_of(case))
        exec(code, scope)
        assert scope["model"].SerializeToString() == model(case).SerializeToString(), code


def test_code_is_for_people():
    case = Case(spec=op(MAX, (6, 7), 3, 2, pads=(1, 1)), opset=13, padding=NODE)
    assert code_of(case) == (
        'pad = onnx.helper.make_node("Pad", ["x", "pads", "fill"], ["padded"], name="Pad")',
        'node = onnx.helper.make_node("MaxPool", ["padded"], ["y"], name="MaxPool", '
        "kernel_shape=[3, 3], strides=[2, 2])",
        "graph = onnx.helper.make_graph(",
        "    [pad, node],",
        '    "case",',
        '    [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 2, 6, 7])],',
        '    [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 2, 3, 4])],',
        "    [",
        "        onnx.numpy_helper.from_array("
        'np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "pads"),',
        '        onnx.numpy_helper.from_array(np.array(float("-inf"), np.float32), "fill"),',
        "    ],",
        ")",
        "model = onnx.helper.make_model(",
        "    graph,",
        '    opset_imports=[onnx.helper.make_opsetid("", 13)],',
        "    ir_version=7,",
        ")",
    )


def schema(op_type: str, opset: int) -> onnx.defs.OpSchema:
    return onnx.defs.get_schema(op_type, opset)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("ceil_mode", case_refusals.FIRST_CEIL),
        ("dilations", case_refusals.FIRST_DILATION),
        ("count_include_pad", {OpKind.AVERAGE_POOL: case_refusals.FIRST_COUNTED}),
    ],
)
def test_attributes_are_written_from_the_opset_on_that_has_them(name, table):
    for kind, first in table.items():
        assert name in schema(OP_TYPES[kind], first).attributes
        assert name not in schema(OP_TYPES[kind], first - 1).attributes


def test_versions_of_pad_and_of_texts():
    assert len(schema("Pad", case_refusals.FIRST_INPUTS_OF_PAD).inputs) > 1
    assert len(schema("Pad", case_refusals.FIRST_INPUTS_OF_PAD - 1).inputs) == 1
    assert (
        "negative" in schema("Pad", case_refusals.FIRST_NEGATIVE_PAD).attributes["pads"].description
    )
    assert "paddings" in schema("Pad", case_refusals.FIRST_NEGATIVE_PAD - 1).attributes
    assert "wrap" in schema("Pad", case_refusals.FIRST_WRAP).attributes["mode"].description
    assert "wrap" not in schema("Pad", case_refusals.FIRST_WRAP - 1).attributes["mode"].description
    dropped = "would start in the right padded region are ignored"
    for op_type in ("MaxPool", "AveragePool"):
        assert dropped in schema(op_type, case_refusals.FIRST_DROPPED).doc
        assert dropped not in schema(op_type, case_refusals.FIRST_DROPPED - 1).doc
    assert dropped not in schema("LpPool", case_refusals.FIRST_DROPPED).doc
    reversed_text, text = (schema("ConvTranspose", version).doc for version in (10, 11))
    assert "If (auto_pads != SAME_UPPER): pads[start_i] = total_padding[i]/2" in reversed_text
    assert "If (auto_pads == SAME_UPPER): pads[start_i] = total_padding[i]/2" in text


def test_every_opset_has_the_ir_it_came_with():
    """As far as runtimes that are still in use take it, and one that has initializers alone."""
    for opset in range(5, 29):
        made = model(Case(spec=op(CONV, (4, 4), 3), opset=opset))
        wanted = onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)])
        assert made.ir_version == min(max(wanted, 4), 10)


def test_pads_are_the_ops_own_or_in_a_node_or_shared():
    spec = op(CONV, (6, 7), 3, pads=((2, 3), (1, 0)), bias=True)
    own = model(Case(spec=spec))
    assert [node.op_type for node in own.graph.node] == ["Conv"]
    assert attributes(own)["Conv"] == {
        "kernel_shape": [3, 3],
        "strides": [1, 1],
        "pads": [2, 1, 3, 0],
    }
    node = model(Case(spec=spec, padding=NODE, opset=10))
    assert attributes(node) == {
        "Pad": {"pads": [0, 0, 2, 1, 0, 0, 3, 0]},
        "Conv": {"kernel_shape": [3, 3], "strides": [1, 1]},
    }
    split = model(Case(spec=spec, padding=SPLIT, opset=2))
    assert attributes(split)["Pad"] == {"pads": [0, 0, 1, 1, 0, 0, 2, 0]}
    assert attributes(split)["Conv"]["pads"] == [1, 0, 1, 0]


def test_policies_are_written_as_auto_pad_and_mean_it():
    spec = op(MAX, (5, 5), 2, 2, pads=SAME_LOWER, **CEIL)
    case = Case(spec=spec, opset=12)
    assert attributes(model(case))["MaxPool"] == {
        "auto_pad": b"SAME_LOWER",
        "ceil_mode": 1,
        "kernel_shape": [2, 2],
        "strides": [2, 2],
    }
    assert reference(case).pads == (SAME_LOWER, SAME_LOWER)
    causal = Case(spec=op(CONV, 9, 3, 1, 2, pads=CAUSAL))
    assert attributes(model(causal))["Conv"]["pads"] == [4, 0]
    assert reference(causal).resolved_pads == ((4, 0),)


def test_output_padding_and_output_shape_are_written_as_they_are():
    spec = op(TRANSPOSED, (4, 4), 3, 2, pads=(1, 1), output_padding=(1, 0))
    written = attributes(model(Case(spec=spec)))["ConvTranspose"]
    assert (written["pads"], written["output_padding"]) == ([1, 1, 1, 1], [1, 0])
    shaped = op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER, output_shape=(8, 7))
    written = attributes(model(Case(spec=shaped)))["ConvTranspose"]
    assert (written["auto_pad"], written["output_shape"]) == (b"SAME_UPPER", [8, 7])


def test_open_sizes_have_names_and_the_batch_always():
    case = Case(spec=op(CONV, (6, 7), 3))

    def shapes(case: Case) -> list[list[int | str]]:
        graph = model(case).graph
        values = (*graph.input, *graph.output)
        return [
            [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in values
        ]

    assert shapes(case) == [["N", 2, 6, 7], ["N", 3, 4, 5]]
    assert shapes(case.replace(dynamic=True)) == [["N", 2, "H", "W"], ["N", 3, "H_out", "W_out"]]


def test_a_question_is_asked_once():
    spec = op(CONV, (6, 7), 3, pads=(1, 1))
    assert asked(Case(spec=spec, padding=NODE)).padding == NODE
    assert asked(Case(spec=op(CONV, (6, 7), 3), padding=NODE)).padding == OWN
    assert asked(Case(spec=op(CONV, (6, 7), 3, pads=SAME_UPPER), padding=SPLIT)).padding == OWN
    edge = spec.replace(pad_mode="edge")
    assert asked(Case(spec=edge, padding=SPLIT)) == Case(spec=edge)


FLAWED = PadRule(PadPolicy.SAME_UPPER, flaw=PadFlaw.UNDILATED)


@pytest.mark.parametrize(
    ("spec", "more", "reason"),
    [
        (op(CONV, 6, 3), {"opset": 29}, "cases are written for opset 1 to 28"),
        (op(CONV, 6, 3, pads=FLAWED), {}, "a flawed op cannot be written"),
        (op(CONV, 6, 3, deviation=Deviation(flipped=True)), {}, "a flawed op cannot be written"),
        (op(CONV, 2, 3), {}, "an op without outputs"),
        (op(CONV, 6, 3, pads=(1, 1), **CEIL), {}, "Conv has no ceil_mode"),
        (op(CONV, (6, 6), 3, pads=(SAME_UPPER, VALID)), {}, "auto_pad is one policy for all axes"),
        (op(CONV, 6, 3, pads=SAME_UPPER, pad_value=5.0), {}, "auto_pad holds 0, so none is left"),
        (op(CONV, 6, 3, pads=(1, 1), pad_mode="symmetric"), {}, "Pad has no mode for 'symmetric'"),
        (op(CONV, 6, 3, pads=(1, 1), pad_mode="wrap"), {}, "Pad has no mode 'wrap' before opset"),
        (op(CONV, 3, 3, pads=(3, 0), pad_mode="reflect"), {}, "longer than the input"),
        (op(CONV, 6, 3, pads=(-1, 0)), {"opset": 1}, "Pad takes nothing away before opset 2"),
        (op(MAX, 6, 2, 1, 2), {"opset": 9}, "MaxPool has no dilations before opset 10"),
        (op(AVERAGE, 6, 2, 2, **CEIL), {"opset": 9}, "AveragePool has no ceil_mode before opset"),
        (op(AVERAGE, 6, 2, **COUNTED), {"opset": 6}, "no count_include_pad before opset 7"),
        (op(AVERAGE, 6, 3, pads=(1, 1)), {"padding": NODE}, "counts what a Pad node adds"),
        (op(AVERAGE, 6, 3, pads=(3, 1)), {}, "a window of nothing but padding"),
        (op(MAX, 32, 1, 2, **CEIL), {"opset": 21}, "does not say what a window past the input"),
        (op(LP, 32, 1, 2, **CEIL), {"opset": 22}, "does not say what a window past the input"),
        (op(MAX, 31, 1, 2, **CEIL), {"dynamic": True}, "does not say what a window past the input"),
        (
            op(MAX, 6, 3, 2, pads=(0, 1), **CEIL),
            {"dynamic": True, "padding": NODE},
            "keeps other windows at other sizes",
        ),
        (
            op(MAX, 9, 4, 4, pads=(2, 3), **CEIL),
            {"opset": 22, "padding": SPLIT},
            "keeps other windows where the pads are shared",
        ),
        (op(TRANSPOSED, 5, 3, pads=(1, 1)), {"padding": NODE}, "lengthens the output"),
        (op(TRANSPOSED, 5, 3, pads=(0, -1)), {}, "ConvTranspose's pads are 0 or more"),
        (op(TRANSPOSED, 5, 3, pads=CAUSAL), {}, "there are no causal crops"),
        (op(TRANSPOSED, 5, 3, 2, output_padding=(2,)), {}, "less than the stride or the dilation"),
        (op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER), {"opset": 10}, "contradict each other"),
        (op(TRANSPOSED, 5, 3, 2, output_shape=(10,)), {"opset": 10}, "contradict each other"),
        (op(TRANSPOSED, 5, 3, 2, pads=VALID, output_shape=(9,)), {}, "contradict each other"),
        (
            op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER, output_padding=(1,)),
            {"dynamic": True},
            "needs a size that is known",
        ),
    ],
)
def test_what_onnx_has_no_words_for(spec, more, reason):
    case = Case(spec=spec, **more)
    assert reason in (refusal(case) or "")
    assert asked(case) == refusal(case)
    with pytest.raises(UsageError, match="has words for"):
        reference(case)
    with pytest.raises(UsageError, match="has words for"):
        model_of(case, None, None)


@pytest.mark.parametrize(
    ("spec", "more"),
    [
        (op(MAX, 32, 1, 2, **CEIL), {"opset": 22}),
        (op(MAX, 31, 2, 2, **CEIL), {"dynamic": True}),
        (op(TRANSPOSED, 5, 4, 2, pads=SAME_UPPER), {"opset": 10}),
        (op(TRANSPOSED, 5, 3, 1, 2, output_padding=(1,)), {}),
        (op(AVERAGE, 6, 3, pads=(1, 1), **COUNTED), {"padding": NODE}),
        (op(CONV, 3, 3, pads=(2, 0), pad_mode="reflect"), {}),
        (op(MAX, 6, 2, pads=(3, 0), pad_value=0.0), {}),
        (op(CONV, 3, 3, pads=(3, 0), pad_mode="wrap"), {"opset": 19}),
    ],
)
def test_what_is_next_to_that_it_has(spec, more):
    case = Case(spec=spec, **more)
    assert refusal(case) is None
    onnx.checker.check_model(model(case), full_check=True)


def test_an_overhang_past_a_pad_node_is_written_as_pads():
    """Zeros before a max pool fill its last, partial window too."""
    spec = op(MAX, (9, 9), 3, 3, pads=(1, 1), pad_value=0.0, **CEIL)
    written = attributes(model(Case(spec=spec, opset=10)))
    assert written["Pad"] == {"pads": [0, 0, 1, 1, 0, 0, 2, 2]}
    assert "ceil_mode" not in written["MaxPool"]
    assert computes(Case(spec=spec, opset=10))
