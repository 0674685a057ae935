"""A part of a suite, and what of the known failures is about it."""

import pytest

from padcheck.checks.corpus import corpus
from padcheck.checks.grade import grade
from padcheck.checks.grade.known import Known
from padcheck.checks.grade.parts import KINDS, part_of
from padcheck.errors import UsageError


@pytest.mark.parametrize(
    ("kinds", "ranks", "name"),
    [
        ((), (), "quick"),
        (KINDS, (1, 2, 3), "quick"),
        (("max_pool", "conv", "conv"), (), "quick, conv and max_pool"),
        (("conv",), (3, 2), "quick, conv, 2-D and 3-D"),
        ((), (2,), "quick, 2-D"),
    ],
)
def test_its_name_and_its_cases(kinds, ranks, name):
    part = part_of(kinds, ranks)
    assert part.named("quick") == name
    found = part.of(corpus("quick"))
    assert {case.spec.kind.value for case in found} == set(kinds or KINDS)
    assert {case.spec.rank for case in found} == set(ranks or (1, 2, 3))
    assert part_of("conv", 2) == part_of(["conv"], [2])
    rest = [case for case in corpus("quick") if case not in set(found)]
    assert part.of(rest) == ()


@pytest.mark.parametrize(
    ("kinds", "ranks", "words"),
    [
        (("Conv",), (), r"expected ops of conv, .*, lp_pool but got 'Conv'"),
        (("resize",), (), r"but got 'resize'"),
        ((), (4,), r"expected ranks of 1, 2, 3 but got 4"),
    ],
)
def test_what_there_is_not(kinds, ranks, words):
    with pytest.raises(UsageError, match=words):
        grade("onnxruntime", kinds=kinds, ranks=ranks)


@pytest.mark.parametrize(
    ("op_type", "rank", "inside"),
    [("Conv", 2, True), ("Conv", None, False), ("Conv", 1, False), ("MaxPool", 2, False)],
)
def test_an_entry_is_in_it_where_all_that_it_is_about_is(op_type, rank, inside):
    entry = Known(op_type=op_type, code="PAD104", reason="why", rank=rank)
    assert part_of(["conv"], [2]).has(entry) == inside
    assert part_of([], []).has(entry)


def test_entries_on_what_is_not_asked_are_not_stale(tmp_path):
    """One that is asked, and does not fail, is."""
    row = '[[known]]\nop_type = "{}"\ncode = "crashed"\nreason = "why"\n'
    text = "".join(map(row.format, ("LpPool", "MaxPool")))
    (tmp_path / "known.toml").write_text(text)

    def convert(model):
        raise NotImplementedError

    def stale(**part):
        return grade(convert, known=tmp_path / "known.toml", **part).stale

    assert stale(kinds=["lp_pool"]) == ("LpPool: crashed does not fail (any more)",)
    assert stale(kinds=["lp_pool"], ranks=[1]) == ()
