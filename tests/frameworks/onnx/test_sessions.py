import numpy as np
import onnx
import onnxruntime
import pytest

from padcheck import FrameworkError
from padcheck.checks.suite.words import CONV, MAX, op
from padcheck.frameworks.onnx.cases import model_of
from padcheck.frameworks.onnx.sessions import session, session_code
from padcheck.records.case import Case

#: Zeros before a max pool, which the default optimizations lose.
CASE = Case(spec=op(MAX, 3, 2, 2, pads=(1, 0), pad_value=0.0))
X = np.array([[[-1.0, -2.0, -3.0]] * 2], np.float32)
GIVEN = {True: [-1.0, -2.0], False: [0.0, -2.0]}


@pytest.mark.parametrize("optimized", [True, False])
def test_a_model_or_its_bytes_as_a_function(optimized):
    model = model_of(CASE, None, None)
    for stored in (model, model.SerializeToString()):
        y = session(stored, optimized=optimized)(X)
        assert y.dtype == np.float32
        assert y.tolist() == [[GIVEN[optimized]] * 2]


@pytest.mark.parametrize("optimized", [True, False])
def test_the_code_does_the_same(optimized):
    scope = {"onnxruntime": onnxruntime, "model": model_of(CASE, None, None), "x": X}
    exec("\n".join(session_code(optimized)), scope)
    assert scope["y"].tolist() == [[GIVEN[optimized]] * 2]


def test_what_onnxruntime_raises_is_ours(capfd):
    model = model_of(Case(spec=op(CONV, 4, 3)), np.ones((3, 2, 3), np.float32), None)
    run = session(model, optimized=True)
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d.*: InvalidArgument: "):
        run(np.ones((1, 2, 5), np.float32))
    unknown = onnx.ModelProto()
    unknown.CopyFrom(model)
    unknown.graph.node[0].op_type = "Convolve"
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d.*: InvalidGraph: .*Convolve"):
        session(unknown, optimized=False)
    assert capfd.readouterr() == ("", "")
