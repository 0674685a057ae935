"""The registry of frameworks: strings only, so that listing them loads none.

Other packages add a framework with an entry point in the group `padcheck.frameworks` that names
a `Framework` record; nothing of theirs is loaded before one of its names is asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from padcheck.errors import FrameworkError, MissingFramework, UsageError
from padcheck.frameworks.loading import entry_points_of, is_installed, loaded, with_foreign
from padcheck.frameworks.registration import BUILT_IN, LOWERINGS, Framework, Package

if TYPE_CHECKING:
    from padcheck.frameworks.base import Dialect, Reader, Runner
    from padcheck.records import Lowered, OpSpec

__all__ = [
    "LOWERINGS",
    "Framework",
    "Package",
    "Status",
    "dialect",
    "framework",
    "installed_version",
    "lower",
    "names",
    "reader",
    "require",
    "runner",
    "status",
]

ENTRY_POINTS = "padcheck.frameworks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is installed of a framework: module -> version, None where it is missing."""

    name: str
    packages: tuple[tuple[str, str | None], ...]
    hint: str

    @property
    def installed(self) -> bool:
        """Whether all its packages are there."""
        return all(version is not None for _, version in self.packages)


@functools.cache
def _entry_points() -> dict[str, str]:
    return entry_points_of(ENTRY_POINTS)


def names() -> tuple[str, ...]:
    """The frameworks known, built in first; loads none."""
    return with_foreign((entry.name for entry in BUILT_IN), _entry_points())


def framework(name: str) -> Framework:
    """The record of one framework; raises UsageError, with the known ones, for another name."""
    for entry in BUILT_IN:
        if entry.name == name:
            return entry
    if name not in _entry_points():
        raise UsageError(f"expected a framework of {', '.join(names())} but got {name!r}")
    return cast(Framework, loaded(name, _entry_points()[name]))


def dialect(lowering: str, *, framework_name: str | None = None) -> Dialect:
    """The dialect of a lowering, that of its default framework unless another is named.

    Raises UsageError, with the known ones, for a lowering that no framework has.
    """
    owner = framework(framework_name) if framework_name else _owner(lowering)
    if lowering not in owner.lowerings:
        raise UsageError(
            f"expected a lowering of {', '.join(owner.lowerings)} but got {lowering!r}"
        )
    return cast("Dialect", loaded(owner.name, _has(owner, "dialect")))


@functools.lru_cache(maxsize=4096)
def lower(spec: OpSpec, lowering: str) -> Lowered:
    """What a lowering's dialect makes of an op; a reason for more axes than frameworks have."""
    from padcheck.frameworks.lowering import MOST_AXES
    from padcheck.records import Lowered

    if spec.rank > MOST_AXES:
        reason = f"no framework has ops of {spec.rank} spatial axes"
        return Lowered(lowering=lowering, spec=None, reason=reason)
    return dialect(lowering).lower(spec, lowering)


def _owner(lowering: str) -> Framework:
    if lowering in LOWERINGS:
        return framework(LOWERINGS[lowering])
    for name in names()[len(BUILT_IN) :]:
        if lowering in framework(name).lowerings:
            return framework(name)
    raise UsageError(f"expected a lowering of {', '.join(LOWERINGS)} but got {lowering!r}")


def runner(name: str) -> Runner:
    """A new runner of a framework; the framework itself is loaded by its first use.

    Raises UsageError for an unknown name and MissingFramework where it is not installed.
    """
    require(name)
    entry = framework(name)
    return cast("Runner", loaded(name, _has(entry, "runner"))())


def reader(name: str) -> Reader:
    """The reader of a framework's model files; raises UsageError where it has none."""
    entry = framework(name)
    return cast("Reader", loaded(name, _has(entry, "reader")))


def _has(entry: Framework, part: str) -> str:
    where: str | None = getattr(entry, part)
    if where is None:
        raise UsageError(f"{entry.name}: has no {part}")
    return where


def require(name: str) -> None:
    """Raises MissingFramework, one line with what to do, unless all its packages are there."""
    entry = framework(name)
    for package in entry.packages:
        if not is_installed(package.module):
            raise MissingFramework(f"{package.module}: not installed ({entry.hint})")


def status() -> list[Status]:
    """One entry per framework, in order; loads none."""
    return list(_statuses())


def _statuses() -> Iterator[Status]:
    for name in names():
        try:
            entry = framework(name)
        except FrameworkError as error:  # a foreign entry point that cannot be loaded
            yield Status(name=name, packages=((name, None),), hint=str(error))
            continue
        packages = tuple((package.module, installed_version(package)) for package in entry.packages)
        yield Status(name=name, packages=packages, hint=entry.hint)


def installed_version(package: Package) -> str | None:
    """The installed version; "unknown" for a module that no distribution accounts for."""
    from importlib.metadata import PackageNotFoundError, version

    if not is_installed(package.module):
        return None
    for distribution in package.distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "unknown"
