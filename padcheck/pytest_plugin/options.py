"""What the command line and the ini file can say.

An ini key has the name of its option: `--padcheck-input-shape` is `padcheck_input_shape`. What the
command line gives replaces what the ini file gives.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.settings import UNVERIFIED, Settings, not_codes

if TYPE_CHECKING:
    from padcheck.pytest_plugin.known import KnownFailure

__all__ = ["ModelPair", "Options", "add_options", "read_options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair:
    """A model that gets one item per op, and what it is compared with; None to diagnose it."""

    source: Path
    target: Path | None

    @property
    def file(self) -> Path:
        """What stands for the model in node ids: pytest takes no `folder::name`."""
        inside = self.source / "saved_model.pb"
        return inside if inside.is_file() else self.source

    def nodeid(self, config: pytest.Config) -> str:
        """The node id that its ops' begin with; pytest's own is empty outside of its root."""
        return Path(os.path.relpath(self.file, config.rootpath)).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything the command line and the ini file say.

    `asked`: whether the models stand on the command line, and are not only the project's.
    """

    settings: Settings
    models: tuple[ModelPair, ...] = ()
    asked: bool = False
    json: Path | None = None
    known: tuple[KnownFailure, ...] = ()
    known_file: Path | None = None


def add_options(parser: pytest.Parser) -> None:
    """Registers the options and their ini keys."""
    group = parser.getgroup("padcheck", "padcheck: models converted between frameworks")

    def add(name: str, help_: str, *, ini: Any = None, **option: Any) -> None:
        group.addoption(f"--padcheck-{name}", help=help_, **option)
        parser.addini(f"padcheck_{name.replace('-', '_')}", help_, type=ini)

    many: dict[str, Any] = {"action": "append", "ini": "linelist"}
    flag: dict[str, Any] = {
        "action": argparse.BooleanOptionalAction,
        "default": None,
        "ini": "bool",
    }
    add("model", "make one test item per op of this model; repeatable", metavar="PATH", **many)
    add(
        "against",
        "compare the model with this one; once for each model, in their order",
        metavar="PATH",
        **many,
    )
    add(
        "input-shape",
        "the full shape of an input, e.g. x=1,3,224,224; repeatable",
        metavar="NAME=INTS",
        **many,
    )
    add("allow", "codes that make no test fail, e.g. PAD203,PAD301", metavar="CODES", **many)
    add(
        "unverified",
        "what becomes of a test that could not be checked: fail (default) or skip",
        metavar="HOW",
    )
    add("static", "diagnose from the rules alone, and run no framework", **flag)
    add("trust", "load and run code that a model carries, such as a Lambda layer", **flag)
    add("known", "a JSON file of known failures, which are expected to fail", metavar="FILE")
    add("json", "write what was checked to FILE, one report for the session", metavar="FILE")


def read_options(config: pytest.Config) -> Options:
    """The options of a run; raises pytest.UsageError, one line, for a bad value."""
    read = _Reader(config)
    models = [read.path("model", value) for value in read.many("model")]
    against = [read.path("against", value) for value in read.many("against")]
    if config.getoption("padcheck_model") and not config.getoption("padcheck_against"):
        against = []  # those of the ini file belong to its models
    for name, paths in (("model", models), ("against", against)):
        for path in paths:
            if not path.exists():
                raise read.error(name, f"no such file or folder: {path}")
    if against and len(against) != len(models):
        counted = f"each of {len(models)} models" if models else "each --padcheck-model"
        message = f"expected one for {counted} but got {len(against)}"
        raise read.error("against", message)
    targets: Sequence[Path | None] = against or [None] * len(models)
    pairs = [ModelPair(source=one, target=two) for one, two in zip(models, targets, strict=True)]
    places = [os.path.realpath(pair.source) for pair in pairs]
    for place, pair in zip(places, pairs, strict=True):
        if places.count(place) > 1:
            raise read.error("model", f"expected each model once but got {pair.source} twice")
    known_file = None if config.getoption("runxfail", False) else read.file("known")
    return Options(
        settings=Settings(
            input_shape=_shapes(read),
            allow=_allowed(read),
            unverified=_how(read),
            static=read.flag("static"),
            trust=read.flag("trust"),
        ),
        models=tuple(pairs),
        asked=bool(config.getoption("padcheck_model")),
        json=_writable(read),
        known=() if known_file is None else _known(read, known_file),
        known_file=known_file,
    )


class _Reader:
    """An option's value: the command line's, else the ini file's."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def _given(self, name: str) -> Any:
        return self._config.getoption(f"padcheck_{name.replace('-', '_')}")

    def _ini(self, name: str) -> Any:
        try:
            return self._config.getini(f"padcheck_{name.replace('-', '_')}")
        except (ValueError, TypeError, pytest.UsageError) as error:  # by pytest 8, by a toml, by 9
            raise self.error(name, str(error)) from None

    def many(self, name: str) -> list[str]:
        found = self._given(name) or self._ini(name) or []
        if not (isinstance(found, list) and all(isinstance(each, str) for each in found)):
            raise self.error(name, f"expected a list of texts but got {found!r}")
        return found

    def flag(self, name: str) -> bool:
        given = self._given(name)
        return bool(self._ini(name) if given is None else given)

    def one(self, name: str) -> str | None:
        """None where nothing is said; a key of the ini file with nothing behind it says nothing."""
        found = self._given(name)
        if found is None:
            found = self._ini(name) or None
        if not isinstance(found, (str, type(None))):
            raise self.error(name, f"expected a text but got {found!r}")
        return found

    def where(self, name: str) -> str:
        """What the user wrote: the option, or the ini key and its file."""
        if self._given(name) is not None or self._config.inipath is None:
            return f"--padcheck-{name}"
        return f"{self._config.inipath.name}: padcheck_{name.replace('-', '_')}"

    def error(self, name: str, message: str) -> pytest.UsageError:
        from padcheck.records import printable

        return pytest.UsageError(printable(" ".join(f"{self.where(name)}: {message}".split())))

    def path(self, name: str, value: str) -> Path:
        """Paths of the command line start where pytest was called, those of the ini file at it."""
        if not value.strip():
            raise self.error(name, f"expected a path but got {value!r}")
        start = self._config.invocation_params.dir
        if self._given(name) is None and self._config.inipath is not None:
            start = self._config.inipath.parent
        return Path(os.path.normpath(start / value))

    def file(self, name: str) -> Path | None:
        value = self.one(name)
        return None if value is None else self.path(name, value)


def _shapes(read: _Reader) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for text in read.many("input-shape"):
        name, sign, sizes = text.rpartition("=")
        try:
            shape = tuple(int(size) for size in sizes.replace("x", ",").split(","))
        except ValueError:
            shape = ()
        if not (name and sign and shape) or min(shape) < 1:
            raise read.error("input-shape", f"expected NAME=1,3,224,224 but got {text!r}")
        if name in shapes:
            raise read.error("input-shape", f"expected each input once but got {name!r} twice")
        shapes[name] = shape
    return shapes


def _allowed(read: _Reader) -> tuple[str, ...]:
    codes = [code for text in read.many("allow") for code in text.replace(",", " ").split()]
    wrong = not_codes(codes)
    if wrong is not None:
        raise read.error("allow", wrong)
    return tuple(dict.fromkeys(codes))


def _how(read: _Reader) -> str:
    value = read.one("unverified")
    if value is None:
        return UNVERIFIED[0]
    if value not in UNVERIFIED:
        raise read.error("unverified", f"expected one of {', '.join(UNVERIFIED)} but got {value!r}")
    return value


def _writable(read: _Reader) -> Path | None:
    path = read.file("json")
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise read.error("json", f"expected a file in a folder that exists but got {path}")
    return path


def _known(read: _Reader, path: Path) -> tuple[KnownFailure, ...]:
    from padcheck.errors import UsageError
    from padcheck.pytest_plugin.known import load_known

    try:
        return load_known(path)
    except UsageError as error:
        raise read.error("known", str(error)) from error
