"""JUnit's XML: the failures' texts; properties of the suite alone, as xunit2 has it."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.pytest_plugin.everything import everything
from tests.pytest_plugin.inner import Bare, Ran, bare, warm

__all__ = ["bare", "everything", "warm"]


def suite(ran: Ran) -> ElementTree.Element:
    (found,) = ElementTree.parse(ran.folder / "junit.xml").getroot()
    return found


def test_properties_are_the_suites(everything: Ran) -> None:
    told = {p.get("name"): p.get("value") for p in suite(everything).findall("properties/property")}
    session = everything.json()
    assert told == {
        "padcheck.version": session["padcheck"],
        "padcheck.verdict": "mismatch",
        **{f"padcheck.{name}": str(count) for name, count in session["counts"].items()},
    }
    assert not suite(everything).findall("testcase/properties")


def test_failures_tell_what_a_terminal_tells(everything: Ran) -> None:
    cases = {case.get("name"): case for case in suite(everything).findall("testcase")}
    failure = cases["test_mismatch"].find("failure")
    gist = "Mismatch: PAD101 asymmetric_same: two: extra pad is at"
    assert failure.get("message").startswith(gist)
    assert "reproduce: padcheck compare bad.onnx same.onnx\n" in failure.text
    op = cases["two"].find("failure")
    assert op.get("message").startswith("Mismatch: PAD101 asymmetric_same: two: ")
    assert op.text.startswith("PAD101 asymmetric_same: two: ")
    assert cases["test_unverified"].find("failure").get("message").startswith("Unverified: ")
    assert cases["test_before"].find("error") is not None
    assert cases["test_skipped"].find("skipped").get("message").startswith("raising: ")
    assert len(cases["one"]) == 0


def test_nothing_is_added_where_padcheck_was_not_used(bare: Bare) -> None:
    bare.write(test_a="def test_a(): pass")
    ran = bare("-p", "no:xdist", "--junitxml=junit.xml")
    assert suite(ran).find("properties") is None
    assert "padcheck: " not in ran.output
