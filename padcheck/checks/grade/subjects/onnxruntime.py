"""onnxruntime at its default level of optimization, and without any; CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.checks.grade.grader import Built, Script
from padcheck.checks.grade.refusing import refusals
from padcheck.frameworks.onnx.cases import asked, code_of, model_of, reference
from padcheck.frameworks.onnx.runner import OnnxRuntimeRunner
from padcheck.frameworks.onnx.sessions import session, session_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.grade.grader import Function
    from padcheck.records import OpSpec
    from padcheck.records.case import Case

__all__ = ["OnnxRuntimeGrader"]


class OnnxRuntimeGrader:
    """Judged against what ONNX's operator texts say."""

    def versions(self) -> dict[str, str]:
        """Of onnxruntime, and of onnx, which makes the models."""
        found = OnnxRuntimeRunner().versions()
        return {name: found[name] for name in ("onnxruntime", "onnx")}

    def asks(self, case: Case) -> Case | str:
        """The case, or why ONNX has no words for it."""
        return asked(case)

    def reference(self, case: Case) -> OpSpec:
        """What the model means by ONNX's text."""
        return reference(case)

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """A default session, and one without optimizations."""
        model = model_of(case, weight, bias).SerializeToString()
        return Built(run=_running(model, optimized=True), plain=_lazily(model))

    def script(self, case: Case) -> Script:
        """The model, and the default session."""
        return Script(
            imports=("import onnx", "import onnxruntime"),
            lines=(*code_of(case), *session_code(optimized=True)),
        )


def _running(model: bytes, *, optimized: bool) -> Function:
    with refusals():
        opened = session(model, optimized=optimized)

    def run(x: NDArray[Any]) -> NDArray[Any]:
        with refusals():
            return opened(x)

    return run


def _lazily(model: bytes) -> Function:
    """The function without optimizations; what its session raises is raised by the first call."""

    def run(x: NDArray[Any]) -> NDArray[Any]:
        return _running(model, optimized=False)(x)

    return run
