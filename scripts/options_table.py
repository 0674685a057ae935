"""The README's table of what the pytest plugin can be told, from the plugin itself."""

from __future__ import annotations

import dataclasses
from typing import Any

from padcheck.pytest_plugin.options import add_options
from padcheck.pytest_plugin.settings import Settings


class Recorder:
    """Stands where pytest's parser would, and keeps what it is told."""

    def __init__(self) -> None:
        self.options: dict[str, dict[str, Any]] = {}
        self.keys: list[str] = []

    def getgroup(self, *_: str) -> Recorder:
        return self

    def addoption(self, name: str, **more: Any) -> None:
        self.options[name] = more

    def addini(self, name: str, *_: Any, **__: Any) -> None:
        self.keys.append(name)


def table() -> str:
    """One row per option, with its ini key, and whether the marker has it as well."""
    recorder = Recorder()
    add_options(recorder)  # type: ignore[arg-type]
    marked = {field.name for field in dataclasses.fields(Settings)}
    rows = ["| option | ini key | marker | what |", "|---|---|---|---|"]
    for (option, more), key in zip(recorder.options.items(), recorder.keys, strict=True):
        value = f"={more['metavar']}" if "metavar" in more else ""
        name = key.removeprefix("padcheck_")
        mark = f"`{name}=`" if name in marked else ""
        rows.append(f"| `{option}{value}` | `{key}` | {mark} | {more['help']} |")
    return "\n".join(rows)
