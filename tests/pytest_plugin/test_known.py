"""`--padcheck-known`: what is expected to fail, and entries that are no longer true."""

from __future__ import annotations

import json
from typing import Any

import pytest

import padcheck
from padcheck.checks.suite import case_id
from padcheck.errors import UsageError
from padcheck.pytest_plugin.known import load_known
from tests.pytest_plugin.inner import Bare, bare, spread, warm
from tests.pytest_plugin.models import chain, conv

__all__ = ["bare", "warm"]

Spread = tuple[str, ...]
PLAIN = ("-p", "no:xdist")
MODEL = ("--padcheck-model=bad.onnx", "--padcheck-static")
KNOWN = "--padcheck-known=known.json"

TESTS = """
import padcheck as pc

SPEC = pc.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)

def wrong(x, weight):
    return x * 7

def raising(x, weight):
    raise ValueError("no kernel")

def test_diagnosed(padcheck):
    padcheck.assert_diagnosed("bad.onnx", static=True)

def test_callable(padcheck):
    padcheck.assert_callable(SPEC, wrong)

def test_unverified(padcheck):
    padcheck.assert_callable(SPEC, raising)
"""
SPEC = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)


def entry(name: str, code: str = "PAD101", **more: Any) -> dict[str, Any]:
    return {"id": name, "code": code, "reason": "the converter rounds up", **more}


def known(bare: Bare, *entries: dict[str, Any]) -> None:
    (bare.folder / "known.json").write_text(json.dumps(entries))


STALE = "padcheck: known failures: {} does not fail with {} (any more)"
NOT_LOOKED = (
    "padcheck: tests were left out, so known failures that match nothing are not looked for"
)


@spread
def test_what_is_known_is_expected(bare: Bare, spread: Spread) -> None:
    bare.write(test_a=TESTS)
    known(
        bare,
        entry("two", reason="frozen SAME", link="https://example.org/1"),
        entry(str(SPEC), "PAD999"),
        entry("raising", "unverified"),
    )
    wanted = ("--padcheck-json=session.json", "-rx")
    ran = bare(*spread, *MODEL, KNOWN, *wanted)
    assert ran.code == 0
    assert ran.counts() == {"passed": 1, "xfailed": 4}
    assert "padcheck: 3 known failures in known.json" in ran.lines()
    assert any(
        line.startswith("XFAIL test_a.py::test_diagnosed")
        and "frozen SAME (https://example.org/1)" in line
        for line in ran.lines()
    )
    session = ran.json()
    assert (session["verdict"], session["counts"]["known"]) == ("equivalent", 4)
    assert [one["matched"] for one in session["known"]] == [2, 1, 1]
    assert session["problems"] == []
    ends = {test["id"]: (test["outcome"], test["known"]) for test in session["tests"]}
    assert ends["test_a.py::test_callable"] == ("xfailed", [str(SPEC)])
    assert ends["bad.onnx::two"] == ("xfailed", ["two"])


@spread
def test_with_another_code_it_fails_still(bare: Bare, spread: Spread) -> None:
    known(bare, entry("two", "PAD203"))
    ran = bare(*spread, *MODEL, KNOWN)
    assert (ran.code, ran.counts()) == (1, {"passed": 1, "failed": 1})
    assert STALE.format("two", "PAD203") in ran.lines()


@spread
def test_one_that_passes_now_fails_the_run(bare: Bare, spread: Spread) -> None:
    known(bare, entry("one"))
    ran = bare(*spread, "--padcheck-model=good.onnx", "--padcheck-static", KNOWN)
    assert (ran.code, ran.counts()) == (1, {"passed": 1})
    assert "padcheck: the run fails; take what is no longer so out of the file" in ran.lines()
    assert STALE.format("one", "PAD101") in ran.lines()


def test_so_it_does_in_a_part_of_a_run(bare: Bare) -> None:
    known(bare, entry("one"), entry("two"))
    ran = bare(*PLAIN, *MODEL, KNOWN, "-k", "one")
    assert (ran.code, ran.counts()) == (1, {"passed": 1, "deselected": 1})
    assert STALE.format("one", "PAD101") in ran.lines()
    assert "matches nothing" not in ran.output.replace(NOT_LOOKED, "")


@spread
def test_one_that_matches_nothing_fails_the_run(bare: Bare, spread: Spread) -> None:
    known(bare, entry("three"), entry("other.onnx::two"))
    bare.write(test_a="def test_a(padcheck): pass")
    ran = bare(*spread, KNOWN, "--padcheck-json=session.json")
    assert (ran.code, ran.counts()) == (1, {"passed": 1})
    problems = [
        "known failures: other.onnx::two matches nothing that was checked",
        "known failures: three matches nothing that was checked",
    ]
    assert {f"padcheck: {problem}" for problem in problems} <= set(ran.lines())
    assert "padcheck: 0 ops" not in ran.output
    assert (ran.json()["verdict"], ran.json()["problems"]) == ("unverified", problems)


@pytest.mark.parametrize("name", ["two", "bad.onnx::two"])
def test_an_op_goes_by_its_name_or_its_files(bare: Bare, name: str) -> None:
    bare.write(test_a=TESTS.partition("def test_callable")[0])
    known(bare, entry(name))
    ran = bare(*PLAIN, *MODEL, KNOWN)
    assert (ran.code, ran.counts()) == (0, {"passed": 1, "xfailed": 2})


@pytest.mark.parametrize("name", ["a b", "a_b", "c.onnx::a b", "c.onnx::a_b"])
def test_an_op_goes_by_its_tests_name_too(bare: Bare, name: str) -> None:
    chain(bare.folder / "c.onnx", conv("a b", stride=2))
    known(bare, entry(name))
    ran = bare(*PLAIN, "--padcheck-model=c.onnx", "--padcheck-static", KNOWN)
    assert (ran.code, ran.counts()) == (0, {"xfailed": 1})


@pytest.mark.parametrize("name", ["end-to-end", "bad.onnx::end-to-end"])
def test_so_do_the_outputs(bare: Bare, name: str) -> None:
    """By the codes that explain them; the op itself is another test."""
    pair = ("--padcheck-model=bad.onnx", "--padcheck-against=same.onnx")
    known(bare, entry(name))
    ran = bare(*PLAIN, *pair, KNOWN, "--padcheck-json=session.json")
    assert (ran.code, ran.counts()) == (1, {"passed": 2, "failed": 1, "xfailed": 1})
    outcomes = ran.outcomes()
    assert (outcomes["bad.onnx::two"], outcomes["bad.onnx::end-to-end"]) == ("failed", "xfailed")


def test_all_that_is_known_of_a_test_is_told(bare: Bare) -> None:
    chain(bare.folder / "c.onnx", conv("one", stride=2), conv("two", stride=2))
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('c.onnx', static=True)")
    known(bare, entry("one", reason="as one"), entry("two", reason="as two", link="https://a.b"))
    ran = bare(*PLAIN, KNOWN, "-rx")
    assert (ran.code, ran.counts()) == (0, {"xfailed": 1})
    told = [line.replace(" - reason: ", " - ") for line in ran.lines()]  # pytest 8's word
    assert "XFAIL test_a.py::test_a - as one; as two (https://a.b)" in told


def test_what_is_known_is_not_told_with_the_rest(bare: Bare) -> None:
    chain(bare.folder / "c.onnx", conv("one", stride=2), conv("two", stride=2))
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('c.onnx', static=True)")
    known(bare, entry("one"))
    ran = bare(*PLAIN, KNOWN)
    assert (ran.code, ran.counts()) == (1, {"failed": 1})
    told = ran.told("test_a")
    assert "Mismatch: PAD101 asymmetric_same: two: " in told
    assert "(one" not in told
    assert ": one" not in told


def test_a_geometry_goes_by_its_code_and_its_id_too(bare: Bare) -> None:
    bare.write(test_a=TESTS)
    for name in (repr(SPEC), case_id(SPEC)):
        known(bare, entry(name, "PAD999"))
        ran = bare(*PLAIN, KNOWN, "-k", "callable")
        assert (ran.code, ran.counts()) == (0, {"xfailed": 1, "deselected": 2})


def test_a_geometry_is_no_other(bare: Bare) -> None:
    bare.write(test_a=TESTS)
    known(bare, entry(str(padcheck.conv(input_size=(9, 9), kernel_size=3)), "PAD999"))
    ran = bare(*PLAIN, KNOWN, "-k", "callable")
    assert (ran.code, ran.counts()) == (1, {"failed": 1, "deselected": 2})


def test_some_of_a_models_ops(bare: Bare) -> None:
    """An op that is known and another that is not; the outputs differ by both."""
    bare.write(test_a="def test_a(padcheck): padcheck.assert_equivalent('bad.onnx', 'same.onnx')")
    known(bare, entry("two"))
    ran = bare(*PLAIN, "--padcheck-model=bad.onnx", "--padcheck-against=same.onnx", KNOWN)
    assert (ran.code, ran.counts()) == (0, {"passed": 2, "xfailed": 3})
    known(bare, entry("one"))
    ran = bare(*PLAIN, KNOWN)
    assert (ran.code, ran.counts()) == (1, {"failed": 1})
    assert STALE.format("one", "PAD101") in ran.lines()


def test_what_is_allowed_and_what_is_known(bare: Bare) -> None:
    known(bare, entry("two"))
    ran = bare(*PLAIN, *MODEL, KNOWN, "--padcheck-allow=PAD101")
    assert (ran.code, ran.counts()) == (0, {"passed": 1, "xfailed": 1})


@spread
def test_as_if_nothing_were_known(bare: Bare, spread: Spread) -> None:
    """pytest's `--runxfail`."""
    known(bare, entry("two"), entry("nothing"))
    ran = bare(*spread, *MODEL, KNOWN, "--runxfail")
    assert (ran.code, ran.counts()) == (1, {"passed": 1, "failed": 1})
    assert "known failures" not in ran.output


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "good"],
        ["-m", "not slow"],
        ["test_a.py"],
        ["test_a.py::test_good"],
        ["--deselect=test_a.py::test_bad"],
        ["--ignore=test_b.py"],
        ["-x"],
        ["--ignore-glob=*_b.py"],
        ["sub/deep"],
    ],
    ids=" ".join,
)
def test_parts_of_a_run_are_no_proof(bare: Bare, options: list[str]) -> None:
    bare.write(
        test_a="""
        import pytest
        def test_good(padcheck): padcheck.assert_diagnosed("good.onnx", static=True)
        @pytest.mark.slow
        def test_bad(padcheck): padcheck.assert_diagnosed("bad.onnx", static=True)
        """,
        test_b="def test_b(): pass",
    )
    (bare.folder / "sub" / "deep").mkdir(parents=True)
    (bare.folder / "sub" / "deep" / "test_c.py").write_text("def test_c(padcheck): pass\n")
    known(bare, entry("two"), entry("three"))
    ran = bare(*PLAIN, KNOWN, "-W", "ignore", *options)
    assert ran.code == 0
    assert NOT_LOOKED in " ".join(ran.lines())
    assert "matches nothing that was checked" not in ran.output


def test_nor_are_tests_that_are_only_listed(bare: Bare) -> None:
    bare.write(test_a="def test_a(padcheck): pass")
    known(bare, entry("two"))
    ran = bare(*PLAIN, KNOWN, "--collect-only")
    assert ran.code == 0
    assert "matches nothing that was checked" not in ran.output


def test_nor_are_those_that_failed_before(bare: Bare) -> None:
    """Workers leave out whole files, which pytest tells nobody."""
    bare.write(
        test_a="def test_bad(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)",
        test_b="def test_good(padcheck): padcheck.assert_diagnosed('good.onnx', static=True)",
    )
    known(bare, entry("three"))
    matched = []
    for more in ([], ["--lf"]):
        done = bare.pytester.runpytest_inprocess("-p", "no:benchmark", "-n", "2", KNOWN, *more)
        assert done.ret == 1
        matched.append("three matches nothing that was checked" not in done.stdout.str())
    assert matched == [False, True]


@pytest.mark.parametrize("folder", [".", "sub"])
def test_a_folder_of_tests_is_no_part(bare: Bare, folder: str) -> None:
    (bare.folder / "pytest.ini").write_text("[pytest]\n")
    (bare.folder / "sub").mkdir()
    (bare.folder / "sub" / "test_c.py").write_text("def test_c(padcheck): pass\n")
    known(bare, entry("two"))
    ran = bare(*PLAIN, KNOWN, folder)
    assert (ran.code, ran.counts()) == (1, {"passed": 1})
    assert "padcheck: known failures: two matches nothing that was checked" in ran.lines()


@pytest.mark.parametrize(
    "part",
    [
        "@pytest.mark.skip\ndef test_bad(padcheck): padcheck.assert_diagnosed('bad.onnx')",
        "def test_bad(padcheck): pytest.skip('not here')",
        "pytest.skip('not here', allow_module_level=True)",
        "@pytest.fixture\ndef f(): pytest.skip('not here')\ndef test_bad(f, padcheck): pass",
    ],
    ids=["mark", "call", "module", "fixture"],
)
def test_skipped_tests_are_no_proof(bare: Bare, part: str) -> None:
    (bare.folder / "test_a.py").write_text(f"import pytest\n{part}\n")
    bare.write(test_b="def test_b(): pass")
    known(bare, entry("two"))
    for how in (PLAIN, ("-n", "1")) if "fixture" in part or "module" in part else (PLAIN,):
        ran = bare(*how, KNOWN)
        assert (ran.code, ran.counts()) == (0, {"passed": 1, "skipped": 1})
        assert NOT_LOOKED in " ".join(ran.lines())


def test_what_is_skipped_as_unverified_was_checked(bare: Bare) -> None:
    bare.write(
        test_a="""
        import padcheck as pc
        BIG = pc.conv(input_size=(1 << 14, 1 << 14), kernel_size=3)
        def test_a(padcheck): padcheck.assert_callable(BIG, lambda x, weight: x)
        """
    )
    known(bare, entry("three"))
    ran = bare(*PLAIN, KNOWN, "--padcheck-unverified=skip")
    assert (ran.code, ran.counts()) == (1, {"skipped": 1})
    assert "padcheck: known failures: three matches nothing that was checked" in ran.lines()


def test_nor_are_tests_that_a_plugin_deselects(bare: Bare) -> None:
    (bare.folder / "conftest.py").write_text(
        "def pytest_collection_modifyitems(config, items):\n"
        "    config.hook.pytest_deselected(items=items[1:])\n"
        "    del items[1:]\n"
    )
    bare.write(test_a="def test_a(): pass", test_b="def test_b(padcheck): pass")
    known(bare, entry("two"))
    for how in (PLAIN, ("-n", "2")):
        ran = bare(*how, KNOWN)
        assert (ran.code, ran.counts()["passed"]) == (0, 1)
        assert NOT_LOOKED in " ".join(ran.lines())


def test_nor_is_a_run_that_a_test_ends(bare: Bare) -> None:
    """As plugins do that have seen enough."""
    bare.write(
        test_a="def test_a(request): request.session.shouldfail = 'enough'",
        test_b="def test_b(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)",
    )
    known(bare, entry("two"))
    ran = bare(*PLAIN, KNOWN)
    assert (ran.code, ran.counts()) == (1, {"passed": 1})
    assert "matches nothing" not in ran.output.replace(NOT_LOOKED, "")


def test_nor_is_a_run_that_a_process_died_of(bare: Bare) -> None:
    bare.write(test_a="import os\ndef test_a(padcheck): os._exit(3)")
    known(bare, entry("two"))
    ran = bare("-n", "2", KNOWN)
    assert (ran.code, ran.counts()) == (1, {"failed": 1})
    assert "matches nothing" not in ran.output.replace(NOT_LOOKED, "")


def test_no_tests_at_all(bare: Bare) -> None:
    known(bare, entry("two"))
    ran = bare(*PLAIN, KNOWN)
    assert ran.code == 1
    assert "padcheck: known failures: two matches nothing that was checked" in ran.lines()


MALFORMED = {
    "{": "cannot be read (",
    "{}": "expected a list of entries but got dict",
    "[1]": "entry 0: expected an object but got int",
    '[{"id": "a", "code": "PAD101"}]': "entry 0: expected a text but got reason=None",
    '[{"id": " ", "code": "PAD101", "reason": "r"}]': "entry 0: expected a text but got id=' '",
    '[{"id": "a", "code": "PAD1", "reason": "r"}]': "entry 0: expected a code such as PAD101, or "
    "unverified, but got code='PAD1'",
    '[{"id": "a", "code": [], "reason": "r"}]': "entry 0: expected a code such as PAD101, or "
    "unverified, but got code=[]",
    '[{"id": "a", "code": "PAD101", "reason": "r", "link": 1}]': "entry 0: expected a text or null "
    "but got link=1",
    '[{"id": "a", "code": "PAD101", "reason": "r", "why": 1}]': "entry 0: expected id, code, "
    "reason, link but got 'why'",
    '[{"id": "a", "code": "PAD101", "reason": "r"}, {"id": "a", "code": "PAD101", "reason": ""}]': (
        "entry 1: expected a text but got reason=''"
    ),
    json.dumps([entry("a"), entry("a", "PAD203"), entry("a")]): "expected 'a' once with PAD101 but "
    "got it twice",
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.items())
def test_a_malformed_file_tells_the_entry_and_the_field(
    bare: Bare, text: str, message: str
) -> None:
    path = bare.folder / "known.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_known(path)
    assert str(caught.value).startswith(f"{path}: {message}")
