"""Names that are each their own."""

from hypothesis import given
from hypothesis import strategies as st

from padcheck.records import uniquely


def test_a_number_goes_to_what_comes_again_and_never_to_a_name_that_is_there():
    assert uniquely(["a", "b", "a", "a"]) == ["a", "b", "a#2", "a#3"]
    assert uniquely(["a", "a#2", "a"]) == ["a", "a#2", "a#3"]
    assert uniquely(["a", "a", "a#2"]) == ["a", "a#2", "a#2#2"]


@given(st.lists(st.sampled_from(["a", "a#2", "a#2#2", "b", ""])))
def test_no_two_are_the_same(names):
    made = uniquely(names)
    assert len(set(made)) == len(names) == len(made)
    assert all(one.startswith(name) for one, name in zip(made, names, strict=True))
