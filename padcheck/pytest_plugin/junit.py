"""Properties of the suite in JUnit's XML: those of a single test are not valid xunit2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

__all__ = ["add_properties"]


def add_properties(config: pytest.Config, session: Mapping[str, Any]) -> None:
    """Adds `padcheck.verdict` and the counts to the XML that this run writes, if it does."""
    for plugin in config.pluginmanager.get_plugins():
        add = getattr(plugin, "add_global_property", None)
        if add is None:
            continue
        add("padcheck.version", session["padcheck"])
        add("padcheck.verdict", session["verdict"])
        for name, count in session["counts"].items():
            add(f"padcheck.{name}", str(count))
