"""Any function from an onnx.ModelProto to something that can be run.

1. The layout of a model is what its declared shapes allow; where they allow both, or it declares
   none, what `calibrated` found for its number of axes. A layout that is given holds for all.
2. A .tflite is run as its users run it, and beside that by reference kernels; an
   onnx.ModelProto by onnxruntime without optimizations.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.checks.grade.calibrating import calibrated
from padcheck.checks.grade.grader import Built, Script
from padcheck.checks.grade.refusing import refused
from padcheck.checks.grade.subjects.origins import Origin, origin_of
from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.loading import loaded
from padcheck.frameworks.onnx.cases import asked, code_of, model_of, reference
from padcheck.frameworks.onnx.sessions import session, session_code
from padcheck.frameworks.returned import (
    FIRST,
    LAST,
    Code,
    Layout,
    Opened,
    code_for,
    function_of,
    layout_by,
    opened,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.grade.grader import Function
    from padcheck.records import OpSpec
    from padcheck.records.case import Case

__all__ = ["OnnxConverter", "converter"]


@dataclass(frozen=True, slots=True)
class _Last:
    """What came of the last case that was converted, for its script."""

    model: Opened
    layout: Layout


class OnnxConverter:
    """A converter as a Grader.

    `convert`: onnx.ModelProto -> what `padcheck.frameworks.returned.opened` can run, or another
    ModelProto. `name` is the subject's, the function's own unless told. `layout`:
    "channels_first" or "channels_last", of inputs and outputs, None to find out. `origin` says
    how a script calls it, and whose versions count. `tidy` is called after so many conversions,
    so that what a framework keeps of its models does not pile up.

    Raises UsageError for what is no function, for one that cannot be called with a model alone,
    and for another layout.
    """

    def __init__(
        self,
        convert: Callable[[Any], Any],
        name: str | None = None,
        layout: str | None = None,
        *,
        origin: Origin | None = None,
        tidy: Callable[[], None] | None = None,
        tidy_after: int = 64,
    ) -> None:
        if not callable(convert):
            raise UsageError(
                f"expected a function but got {name or 'convert'} of type {type(convert).__name__}"
            )
        if not _takes_a_model(convert):
            raise UsageError(
                "expected a function of one onnx.ModelProto but got "
                f"{name or 'convert'}{inspect.signature(convert)}"
            )
        if layout not in (None, FIRST, LAST):
            raise UsageError(f"expected one of {FIRST}, {LAST} but got layout={layout!r}")
        self._convert, self._tidy, self._tidy_after = convert, tidy, tidy_after
        self._conversions = 0
        self._origin = origin or origin_of(convert, name)
        self._layout = None if layout is None else Layout(layout, layout)
        self._calibrated: dict[int, Layout | None] = {}
        self._last: _Last | None = None

    def versions(self) -> dict[str, str]:
        """Of the distribution that the converter is from ("unknown" where it is from none), and
        of onnx, which makes the models.
        """
        return self._origin.versions()

    def asks(self, case: Case) -> Case | str:
        """The case, or why ONNX has no words for it."""
        return asked(case)

    def reference(self, case: Case) -> OpSpec:
        """What the model means by ONNX's text."""
        return reference(case)

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """The converted model.

        Raises Refused for whatever the converter raises, and FrameworkError for what it returns
        that padcheck cannot run, or does not know the layout of.
        """
        self._last = None
        returned = self._converted(case, weight, bias)
        model = self._opened(returned)
        layout = self._layout_of(model, case)
        self._last = _Last(model, layout)
        run = self._running(model, case.spec.rank, layout)
        return Built(run)

    def script(self, case: Case) -> Script:
        """As a user calls the converter, and runs what the last conversion gave."""
        imports = ("import onnx", *self._origin.imports)
        call = f"converted = {self._origin.call(case)}"
        more: tuple[str, ...] = ()
        lines: tuple[str, ...] = ("y = np.asarray(converted(x))",)
        if self._last is not None:
            more, lines = code_for(self._last.model, self._last.layout)
        both = tuple(dict.fromkeys((*imports, *more)))
        return Script(imports=both, lines=(*code_of(case), *self._origin.lines, call, *lines))

    def _converted(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Any:
        self._conversions += 1
        if self._tidy is not None and self._conversions % self._tidy_after == 0:
            self._tidy()
        model = model_of(case, weight, bias)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._convert(model)
        except (Exception, SystemExit) as error:  # onnx2tf leaves by sys.exit [1.29.24]
            raise refused(error, self._origin.package) from error

    def _opened(self, returned: Any) -> Opened:
        """Rule 2. A file that its own runtime does not take is the converter's fault."""
        try:
            if type(returned).__name__ == "ModelProto":
                return _onnx(returned)
            return opened(returned)
        except FrameworkError as error:
            if error.__cause__ is None:
                raise
            raise refused(error, self._origin.package) from error

    def _running(self, model: Opened, rank: int, layout: Layout) -> Function:
        function = function_of(model, rank, layout)

        def run(x: NDArray[Any]) -> NDArray[Any]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return function(x)
            except FrameworkError as error:
                raise refused(error, self._origin.package) from error

        return run

    def _layout_of(self, model: Opened, case: Case) -> Layout:
        """Rule 1; raises FrameworkError where the layout cannot be found out."""
        if self._layout is not None:
            return self._layout
        spec = reference(case)
        given, made = spec.channels if spec.kind.has_weight else spec.channels[:1] * 2
        open_sizes = (None,) * spec.rank if case.dynamic else None
        before = layout_by(model.input_shape, given, open_sizes or spec.input_size)
        after = layout_by(model.output_shape, made, open_sizes or spec.output_size)
        if before is None or after is None:
            found = self._calibration(spec.rank)
            before, after = before or found.input, after or found.output
        return Layout(before, after)

    def _calibration(self, rank: int) -> Layout:
        if rank not in self._calibrated:
            self._calibrated[rank] = calibrated(
                lambda case, weight: self._opened(self._converted(case, weight, None)), rank
            )
        found = self._calibrated[rank]
        if found is None:
            raise FrameworkError(
                f"cannot tell where its models of {rank} spatial axes have their channels: no "
                f"plain conv or pool comes out right; say layout={FIRST!r} or {LAST!r}"
            )
        return found


def converter(where: str, layout: str | None = None) -> OnnxConverter:
    """The Grader of the converter at "module:function".

    Raises FrameworkError for a module that cannot be imported.
    """
    return OnnxConverter(loaded(where, where), where, layout)


def _takes_a_model(convert: Callable[[Any], Any]) -> bool:
    """Whether it can be called with one argument; what has no signature is believed to."""
    try:
        signature = inspect.signature(convert)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def _onnx(model: Any) -> Opened:
    """Run without optimizations."""
    shapes = [
        tuple(dim.dim_value or None for dim in value[0].type.tensor_type.shape.dim)
        if value and value[0].type.tensor_type.HasField("shape")
        else None
        for value in (model.graph.input, model.graph.output)
    ]
    *made, _ = session_code(optimized=False)
    code = Code(
        "session.run(None, {{session.get_inputs()[0].name: {x}}})[0]",
        ("import onnxruntime",),
        ("model = converted", *made),
    )
    return Opened(session(model, optimized=False), code, *shapes)
