"""padcheck's pytest plugin: the hooks; what they do is in the modules beside.

1. Options are read (`options`), tests are collected, models become collectors (`collecting`).
2. A test's fixture or item asks for a report, made once per session (`measuring`, `store`), and
   it is held against what the test allows and what is known to fail (`judging`, `known`, `desk`).
3. What was checked travels on the tests' reports to the process that prints (`gathering`), and
   is told there (`terminal`, `junit`) and written.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from padcheck.pytest_plugin.fixture import Padcheck

__all__: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    from padcheck.pytest_plugin.options import add_options

    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    from padcheck.pytest_plugin.desk import DESK, Desk
    from padcheck.pytest_plugin.options import read_options
    from padcheck.pytest_plugin.settings import MARKER

    config.addinivalue_line("markers", MARKER)
    options = read_options(config)
    config.stash[DESK] = Desk(config, options)
    if not hasattr(config, "workerinput"):
        from padcheck.pytest_plugin.controller import Controller

        config.pluginmanager.register(Controller(config, options), "padcheck_controller")


def pytest_unconfigure(config: pytest.Config) -> None:
    from padcheck.pytest_plugin.desk import DESK

    desk = config.stash.get(DESK, None)
    if desk is not None:
        desk.measurements.close()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if isinstance(collector, pytest.Session) and report.passed and _has_models(collector):
        from padcheck.pytest_plugin.collecting import model_files

        report.result.extend(model_files(collector))
    if hasattr(collector.config, "workerinput") and report.passed:
        from padcheck.pytest_plugin.settings import refuse_bad_markers

        refuse_bad_markers(report)
    return report


def pytest_collect_file(file_path: Any, parent: pytest.Collector) -> pytest.Collector | None:
    if not _has_models(parent):
        return None
    from padcheck.pytest_plugin.collecting import named_file

    return named_file(file_path, parent)


def _has_models(node: pytest.Collector) -> bool:
    from padcheck.pytest_plugin.desk import DESK

    return bool(node.config.stash[DESK].options.models)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from padcheck.pytest_plugin.settings import check_markers

    check_markers(items)


def pytest_deselected(items: list[pytest.Item]) -> None:
    from padcheck.pytest_plugin.gathering import LEFT_OUT

    for item in items[:1]:
        if hasattr(item.config, "workeroutput"):
            item.config.workeroutput[LEFT_OUT] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    from padcheck.pytest_plugin.desk import noted

    return noted(item, call, report)


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> Any:
    if not isinstance(report, pytest.TestReport):
        return None
    from padcheck.pytest_plugin.terminal import status

    return status(report)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    controller = config.pluginmanager.get_plugin("padcheck_controller")
    if controller is not None:
        controller.sections(terminalreporter)


@pytest.fixture
def padcheck(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Padcheck:
    """Assertions on converted models: assert_equivalent(source, target), assert_diagnosed(model),
    assert_callable(spec, fn); also geometries(kind, rank) and strategies.

    Settings: @pytest.mark.padcheck(...), the options --padcheck-*, ini keys padcheck_*.
    """
    from padcheck.pytest_plugin.fixture import Padcheck

    return Padcheck(request.node, os.fspath(tmp_path_factory.getbasetemp()))
