"""onnxruntime at work on a program: CPU, its own defaults but for one, one session at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import translated
from padcheck.frameworks.onnx.network.program import Program
from padcheck.frameworks.onnx.sessions import quiet_options, runtime

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["Engine", "make_session"]

#: Makes the amounts of a Pad of 0 those of a pool after it: a MaxPool then holds -inf there, and
#: no pool takes as many as its window [1.31.1].
#: https://github.com/microsoft/onnxruntime/issues/24737
WRONG_OPTIMIZERS = ("Pad_Fusion",)


def make_session(
    model: str | onnx.ModelProto, arrays: Mapping[str, np.ndarray] | None = None
) -> Any:
    """A session for a file or a model; `arrays` are the values of its external initializers."""
    ort = runtime()
    options = quiet_options()
    if arrays:
        values = [ort.OrtValue.ortvalue_from_numpy(array) for array in arrays.values()]
        options.add_external_initializers(list(arrays), values)
    source = model if isinstance(model, str) else model.SerializeToString()
    return ort.InferenceSession(
        source,
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=list(WRONG_OPTIMIZERS),
    )


class Engine:
    """Runs a program; keeps the session of the last outputs that were asked for."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._key: tuple[bool, tuple[str, ...]] | None = None
        self._session: Any = None
        self._held: Mapping[str, np.ndarray] = {}

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """The outputs by name, and those of `fetches` that nodes give; of these alone if `only`.

        Raises FrameworkError, with the version, for whatever onnxruntime raises.
        """
        ort = runtime()
        outputs = [] if only else self._program.outputs
        made = self._program.made()
        wanted = dict.fromkeys(name for name in fetches if name in made and name not in outputs)
        if not (outputs or wanted):
            return {}
        with translated("onnxruntime", ort.__version__):
            session = self._session_for(tuple(sorted(wanted)), only)
            names = [*dict.fromkeys(outputs), *wanted]
            return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    def _session_for(self, extra: tuple[str, ...], only: bool) -> Any:
        if self._session is None or self._key != (only, extra):
            self._session, self._held = None, {}  # before another one takes memory
            if self._program.path is not None and not extra:
                self._session = make_session(self._program.path)
            else:
                program = self._program.only(extra) if only else self._program
                model, self._held = program.light(extra)
                self._session = make_session(model, self._held)
            self._key = (only, extra)
        return self._session
