"""Workflow commands, escaped as GitHub's own toolkit escapes them."""

import pytest

from padcheck.errors import UsageError
from padcheck.report.github import annotation


def test_an_error_at_a_line():
    assert annotation("error", "boom", title="PAD101", file="tests/test_a.py", line=3) == (
        "::error file=tests/test_a.py,line=3,title=PAD101::boom"
    )


def test_what_is_not_known_is_left_out():
    assert annotation("notice", "boom", title="t") == "::notice title=t::boom"
    assert annotation("warning", "x", title="t", file="a.py") == "::warning file=a.py,title=t::x"


def test_a_message_stays_on_its_line():
    told = annotation("error", "100 % wrong:\r\na, b", title="t")
    assert told == "::error title=t::100 %25 wrong:%0D%0Aa, b"


def test_properties_escape_their_separators_too():
    told = annotation("error", "m", title="a: 5 %, b\n", file="c:\\x,y.py")
    assert told == "::error file=c%3A\\x%2Cy.py,title=a%3A 5 %25%2C b%0A::m"


def test_a_percent_sign_is_escaped_once():
    assert annotation("error", "%0A", title="%3A") == "::error title=%253A::%250A"


def test_another_level_is_an_error():
    with pytest.raises(UsageError) as error:
        annotation("fatal", "m", title="t")
    assert str(error.value) == "expected one of error, warning, notice but got level='fatal'"
