"""Runs a converter without a word on the terminal, and leaves Keras as it was."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from types import TracebackType

from padcheck.frameworks.loading import import_framework
from padcheck.records import printable

__all__ = ["Listening"]


class Listening(logging.Handler):
    """While entered: `messages` has the warnings of a logger, each once and on one line.

    What is printed, and Python warnings, are dropped. Keras's `image_data_format`, which
    onnx2keras sets and does not set back when it raises, is restored.
    """

    def __init__(self, logger: str) -> None:
        super().__init__(logging.WARNING)
        self._logger = logging.getLogger(logger)
        self._messages: dict[str, None] = {}
        self._stack = contextlib.ExitStack()

    @property
    def messages(self) -> tuple[str, ...]:
        """In the order they came."""
        return tuple(self._messages)

    def emit(self, record: logging.LogRecord) -> None:
        text = printable(" ".join(record.getMessage().split()))
        self._messages[f"{self._logger.name}: {text}"] = None

    def __enter__(self) -> Listening:
        keras = import_framework("keras", extra="onnx2keras")
        config = keras.config
        logger, stack = self._logger, self._stack
        stack.callback(config.set_image_data_format, config.image_data_format())
        stack.callback(setattr, logger, "propagate", logger.propagate)
        stack.callback(logger.setLevel, logger.level)
        stack.callback(logger.removeHandler, self)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.addHandler(self)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
