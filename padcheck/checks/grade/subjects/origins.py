"""Where a converter comes from: its versions, and how a script calls it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from padcheck.records.case import Case

__all__ = ["Origin", "origin_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """`name`: the subject's. `package`: the top-level module whose lines an error is told by.

    `distributions`: those whose versions are told, the converter's own first. `load` loads what
    it needs, and raises FrameworkError where that fails. `imports` and `lines` come before `call`,
    which gives the expression that converts `model`.
    """

    name: str
    package: str
    call: Callable[[Case], str]
    distributions: tuple[str, ...] = ()
    load: Callable[[], object] = tuple
    imports: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Name -> version; the subject's is "unknown" where it is from no distribution."""
        self.load()
        found = {name: importlib.metadata.version(name) for name in self.distributions}
        own = {} if self.distributions else {self.name: "unknown"}
        return {**own, **found, "onnx": importlib.metadata.version("onnx")}


def origin_of(convert: Callable[..., Any], name: str | None) -> Origin:
    """Of a function that can be imported by its module and name; else a script leaves it open."""
    module = str(getattr(convert, "__module__", None) or "")
    qualname = str(getattr(convert, "__qualname__", None) or "")
    package = module.partition(".")[0]
    distributions = _distributions(package)
    if _at(module, qualname) is not convert:
        return Origin(
            name=name or qualname or type(convert).__name__,
            package=package,
            call=lambda case: "convert(model)",
            distributions=distributions,
            lines=("convert = ...  # the converter under test",),
        )
    imported = f"from {module} import {qualname.partition('.')[0]}"
    folder = None if distributions else _working(module)
    found = folder is None
    return Origin(
        name=name or qualname,
        package=package,
        call=lambda case: f"{qualname}(model)",
        distributions=distributions,
        imports=(imported,) if found else ("import sys",),
        lines=()
        if found
        else (f"sys.path.append({json.dumps(folder)})  # {package} is there", imported),
    )


def _working(module: str) -> str | None:
    """The folder that a module is found in, from the working folder on; None if it is not below.

    A script in another folder does not find it by itself.
    """
    file = getattr(sys.modules[module], "__file__", None)
    if not file:
        return None
    inner = Path(file).resolve()
    inner = inner.parent if inner.stem == "__init__" else inner
    folder = inner.parents[module.count(".")]
    here = Path.cwd().resolve()
    return os.path.relpath(folder, here) if folder.is_relative_to(here) else None


def _at(module: str, qualname: str) -> Any:
    """What a script would import; None for `__main__`, which is another module there."""
    if module == "__main__" or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _distributions(package: str) -> tuple[str, ...]:
    """The distribution that a top-level module is from, where there is just one.

    A name alone proves nothing: tf2onnx 1.17.0 claims `tests`. The module has to lie where the
    distribution is installed, or where it was installed from to be edited.
    """
    file = getattr(sys.modules.get(package), "__file__", None)
    if not file:
        return ()
    named = set(importlib.metadata.packages_distributions().get(package, ()))
    found = [name for name in named if any(map(Path(file).is_relative_to, _places(name)))]
    return tuple(found) if len(found) == 1 else ()


def _places(name: str) -> Iterator[str]:
    distribution = importlib.metadata.distribution(name)
    yield str(distribution.locate_file(""))
    url = json.loads(distribution.read_text("direct_url.json") or "{}").get("url", "")
    if url.startswith("file:"):
        yield url2pathname(urlsplit(url).path)
