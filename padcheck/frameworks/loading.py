"""Importing a framework, and turning what it raises into our own exceptions."""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import importlib.util
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from padcheck.errors import FrameworkError, MissingFramework, PadcheckError
from padcheck.records import printable

__all__ = [
    "entry_points_of",
    "import_framework",
    "is_installed",
    "loaded",
    "one_line",
    "translated",
    "with_foreign",
]

#: Longest text of a foreign error that is passed on.
MAX_TEXT = 300

#: What turns bold and colours on and off in a terminal; Keras has it in its errors.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def is_installed(module: str) -> bool:
    """Whether `module` can be found, without importing it.

    A folder without `__init__.py` (a namespace package: a working folder called `torch`, or
    what an uninstall left behind) is not an installation.
    """
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):  # half removed, or `__spec__` is None
        return False
    return spec is not None and spec.origin is not None


def import_framework(module: str, *, extra: str) -> ModuleType:
    """Imports `module`.

    Raises MissingFramework, with the command that installs `extra`, where it is not installed,
    and FrameworkError, with the reason, where it is installed and cannot be loaded.
    """
    if not is_installed(module):
        package = module.partition(".")[0]
        name = module if importlib.util.find_spec(package) else package
        raise MissingFramework(f"{name}: not installed (pip install 'padcheck[{extra}]')")
    try:
        return importlib.import_module(module)
    except Exception as error:
        raise FrameworkError(f"{module}: installed but not loadable ({one_line(error)})") from error


def entry_points_of(group: str) -> dict[str, str]:
    """Name -> "module:attribute" of what other packages register in a group; loads none."""
    from importlib.metadata import entry_points  # late: it takes as long as all the rest

    return {point.name: point.value for point in entry_points(group=group)}


def with_foreign(built_in: Iterable[str], foreign: Iterable[str]) -> tuple[str, ...]:
    """The names built in, then those of other packages, sorted; each once."""
    own = tuple(built_in)
    return own + tuple(sorted(set(foreign) - set(own)))


def loaded(name: str, where: str) -> Any:
    """The object at "module:attribute"; a module that cannot be imported, or leaves by sys.exit,
    is a FrameworkError of `name`.
    """
    module, _, attribute = where.partition(":")
    try:
        return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
    except (Exception, SystemExit) as error:
        told = "" if name == where else f"{name}: "
        raise FrameworkError(f"{told}cannot load {where} ({one_line(error)})") from error


@contextmanager
def translated(name: str, version: str) -> Iterator[None]:
    """Re-raises any foreign exception as `FrameworkError("name version: Type: first line")`."""
    try:
        yield
    except PadcheckError:
        raise
    except Exception as error:
        raise FrameworkError(f"{name} {version}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """`Type: text`, the text on one line, without colours, and at most MAX_TEXT characters."""
    text = printable(" ".join(COLOUR.sub("", str(error)).split()))
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 3] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
