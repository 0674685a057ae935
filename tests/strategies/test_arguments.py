"""What the strategies refuse, and what they load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from padcheck.errors import UsageError
from padcheck.strategies import conv_transposes, convs, ops, pools
from tests.support import ROOT
from tests.test_lazy_imports import loaded_after


@pytest.mark.parametrize("strategy", [convs, conv_transposes, pools, ops])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 4}, "expected a rank of 1, 2, 3 but got 4"),
        ({"rank": True}, "expected a rank of 1, 2, 3 but got True"),
        ({"max_size": 0}, "expected int >= 1 but got max_size=0"),
        ({"max_size": 2.5}, "expected int >= 1 but got max_size=2.5"),
        ({"policies": "full"}, "expected policies of explicit, valid, .* but got 'full'"),
        ({"policies": ()}, r"expected policies of explicit, valid, .* but got \(\)"),
    ],
)
def test_wrong_arguments(
    strategy: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        strategy(**options)


@pytest.mark.parametrize("strategy", [conv_transposes, pools])
def test_causal_is_for_convolutions(strategy: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="same_upper, same_lower but got"):
        strategy(policies="causal")


def test_kinds_are_pools() -> None:
    with pytest.raises(
        UsageError, match="expected kinds of max_pool, average_pool, lp_pool but got 'conv'"
    ):
        pools(kinds="conv")


def test_nothing_loads_until_a_strategy_is_asked_for() -> None:
    assert not loaded_after("import padcheck; padcheck.strategies.convs") & {"hypothesis", "numpy"}
    loaded = loaded_after("import padcheck; padcheck.strategies.convs()")
    assert "hypothesis" in loaded
    assert not loaded & {"numpy", "torch", "tensorflow"}


def test_without_hypothesis_one_line_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import padcheck\n"
        "try:\n    padcheck.strategies.ops()\n"
        "except padcheck.MissingFramework as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "hypothesis: not installed (pip install 'padcheck[hypothesis]')\n"
