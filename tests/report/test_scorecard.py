"""A scorecard as text, as Markdown and as JSON."""

import dataclasses
import json
import math
import re

import jsonschema
import pytest

import padcheck
from padcheck.records import Proof, gist
from padcheck.records.case import HOWS, Case
from padcheck.report.case_words import case_words, short_words
from padcheck.report.scorecard import render
from padcheck.report.scorecard_groups import class_groups
from padcheck.report.scorecard_markdown import render_markdown
from padcheck.report.scorecard_table import table
from padcheck.report.scorecard_words import script_names, worst_first
from tests.report.scorecards import (
    CARDS,
    CLEAN,
    CRASH,
    FAILURES,
    FULL,
    KNOWN,
    LINE,
    ONLY_KNOWN,
    POOL,
    REFUSALS,
    REPRO,
    SAME,
    STRIDED,
    TWICE,
    UNEXPLAINED,
    UNSURE,
    UNVERSIONED,
    card,
    case,
    finding,
)
from tests.support import ROOT

SHORT = dataclasses.replace(REFUSALS[2], error="ValueError: 3 axes")
SCHEMA = json.loads((ROOT / "padcheck" / "report" / "scorecard_schema.json").read_text())


def moved(failure, rank, one):
    """The same failure elsewhere."""
    return dataclasses.replace(failure, rank=rank, case=one)


@pytest.mark.parametrize("name", CARDS)
def test_every_card_fits_the_schema(name):
    data = json.loads(json.dumps(CARDS[name].to_dict(), allow_nan=False))
    jsonschema.validate(data, SCHEMA)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schema",), "padcheck/scorecard@2"),
        (("verdict",), "fine"),
        (("counts", "silent"), -1),
        (("failures", 0, "kind"), "wrong"),
        (("failures", 0, "geometry", "pads"), [1, 1]),
        (("refusals", 0, "geometry", "auto_pad"), "SAME"),
        (("suite", "level"), "quickly"),
        (("suite", "level"), "own, conv"),
        (("suite", "left_out"), {"why": 0}),
    ],
)
def test_the_schema_refuses(where, value):
    data = FULL.to_dict()
    at = data
    for step in where[:-1]:
        at = at[step]
    assert at[where[-1]] != value
    at[where[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def test_the_schema_itself_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("key", ["ops", "counts", "failures", "suite", "stale"])
def test_the_schema_misses_a_key(key):
    data = FULL.to_dict()
    del data[key]
    with pytest.raises(jsonschema.ValidationError, match=key):
        jsonschema.validate(data, SCHEMA)


@pytest.mark.parametrize(
    ("name", "code"), [("full", 1), ("clean", 0), ("only known", 0), ("unsure", 3)]
)
def test_the_exit_code_and_the_first_line(name, code):
    assert CARDS[name].exit_code == code
    first = str(CARDS[name]).splitlines()[0]
    assert first == f"onnx2keras 0.0.25: {CARDS[name].verdict}"


def test_a_stale_entry_alone_is_a_mismatch_and_stands_first():
    stale = card(failures=(KNOWN,), stale=("conv-3d: no longer fails",))
    assert stale.exit_code == 1
    lines = str(stale).splitlines()
    assert lines[1] == "1 stale entry of known failures"
    assert lines[6] == "stale: known failure conv-3d: no longer fails"


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_asked(name, width):
    short = dataclasses.replace(CARDS[name], refusals=REFUSALS[:2])  # its words are short enough
    lines = render(short, width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() and line.isprintable() for line in lines)


def test_what_fails_is_told_whole():
    """The most silent cases first; the known at the end."""
    told = card(stale=FULL.stale, notes=FULL.notes, refusals=(*REFUSALS[:2], SHORT))
    assert str(told) == TEXT


TEXT = r"""onnx2keras 0.0.25: mismatch
4 failing classes and 1 stale entry of known failures
72 cases: 20 right, 15 silently wrong, 23 of the wrong shape, 10 refused, 4
crashed
suite quick, version 1; 6 more are no question for it

stale: known failure conv-2d: no longer fails

op           cases  right  silent  shape  refused  crashed
Conv 1-D        24      -       -     20        4        -
Conv 2-D        43     20      15      3        5        -
MaxPool 2-D      5      -       -      -        1        4

silent shape crashed cause   op          smallest case
    12     3       - PAD101  Conv 2-D    k3 s2 pads (1,1) at 5x5,
                                         channels 2 to 3, bias
     2     -       - PAD999* Conv 2-D    k3 at 5x5, channels 4 to 4, 2 groups
     -    20       - PAD104+ Conv 1-D    k2 pads (1,0) at 4, channels 2 to 3,
                     PAD904*             open sizes, opset 9
     -     -       4 crashed MaxPool 2-D k2 pads (1,1) at 4x4, Pad node
(* the cause is not proven)

PAD101 asymmetric_same: extra pad is at the bottom/right: pads (0,1)
  smallest: Conv k3x3 s2x2 pads (1,1) at 5x5, channels 2 to 3, bias; pads:
    reference (1,1), observed (0,1)
  proven: PAD101 reproduces all 192 outputs exactly, residual 0
  repro: conv-2d-PAD101.py
PAD999 unexplained: outputs differ
  smallest: Conv k3x3 at 5x5, channels 4 to 4, 2 groups
  unexplained
PAD104 pads_dropped + PAD904 bias_lost
  padding is lost
  bias is lost
  smallest: Conv k2 pads (1,0) at 4, channels 2 to 3, open sizes, opset 9
  note: 1 | 2
  not proven in 2 of 20 cases
  repro: conv-1d-PAD104-PAD904.py
crashed: signal SIGSEGV: Fatal `Python` error\n@someone
  smallest: MaxPool k2x2 pads (1,1) at 4x4, pads in a Pad node
  repro: maxpool-2d-crashed.py

known: PAD101 asymmetric_same: Conv 3-D: 1 case silently wrong: mended in 1.0

refused: 9 cases (Conv 1-D, 3-D): KeyError: 'w'
refused: 1 case (MaxPool 2-D): ValueError: 3 axes

not asked: 6 cases: no words for wrap

note: half of it

padcheck explain PAD101 tells a cause, and its fix, at length
the repro scripts are written by --repros DIR
measured with onnx2keras 0.0.25, keras 3.15.1, tensorflow 2.21.0
"""

FLAT = moved(SAME, 1, case(input_size=(2,), kernel_size=2, pads=((1, 0),), channels=(1, 1)))
OF_POOL = dataclasses.replace(moved(SAME, 2, POOL), op_type="MaxPool")


class TestCauses:
    def test_a_cause_is_told_once_by_its_lightest_case(self):
        told = render(card(failures=(SAME, OF_POOL, FLAT)), width=64)
        assert told.count("PAD101 asymmetric_same") == 1
        assert (
            "PAD101 asymmetric_same: extra pad is at the bottom/right: pads\n    (0,1)\n"
            "  smallest: Conv k2 pads (1,0) at 2; pads: reference (1,1),\n    observed (0,1)\n"
        ) in told
        assert "\n  also: Conv 2-D, MaxPool 2-D\n  repro: conv-1d-PAD101.py, and 2 more\n" in told

    def test_all_files_are_named_where_they_go_on_one_line(self):
        told = str(card(failures=(SAME, FLAT)))
        assert "  also: Conv 2-D\n  repro: conv-1d-PAD101.py, conv-2d-PAD101.py\n" in told

    @pytest.mark.parametrize(
        ("one", "two", "three"),
        [("end", "bottom/right", "back/bottom/right"), ("start", "top/left", "front/top/left")],
    )
    def test_ends_of_other_names_are_the_same(self, one, two, three):
        rows = [
            dataclasses.replace(
                moved(SAME, rank, FLAT.case),
                findings=(finding("PAD101", "asymmetric_same", f"extra pad is at the {end}"),),
            )
            for rank, end in enumerate((one, two, three), start=1)
        ]
        assert [len(group.rows) for group in class_groups(rows, [None] * 3)] == [3]
        other = {"end": "start", "start": "end"}[one]
        said = finding("PAD101", "asymmetric_same", f"extra pad is at the {other}")
        rows.append(dataclasses.replace(rows[0], rank=2, findings=(said,)))
        assert [len(group.rows) for group in class_groups(rows, [None] * 4)] == [3, 1]

    def test_the_help_of_each_cause_is_told(self):
        causes = [
            dataclasses.replace(one, help=words)
            for one, words in zip((*TWICE.findings, TWICE.findings[0]), "aba", strict=True)
        ]
        failing = card(failures=(dataclasses.replace(TWICE, findings=tuple(causes)),))
        assert "\n  not proven in 2 of 20 cases\n  help: a; b\n  repro: " in str(failing)
        assert "\n- not proven in 2 of 20 cases\n- help: a; b\n" in render_markdown(failing)
        assert "help" not in str(FULL)

    def test_an_unproven_case_is_not_told_in_place_of_a_proven_one(self):
        unsure = finding("PAD101", "asymmetric_same", "extra pad is at 2: pads (0,1)")
        unsure = dataclasses.replace(unsure, proof=Proof(status="ambiguous", rivals=("PAD105",)))
        light = dataclasses.replace(FLAT, findings=(unsure,), proven=0)
        groups = class_groups([SAME, light], ["a.py", None])
        assert len(groups) == 2
        same = dataclasses.replace(unsure, message=SAME.findings[0].message)
        light = dataclasses.replace(light, findings=(same,))
        (group,) = class_groups([light, SAME], [None, "a.py"])
        assert (group.first, group.others, group.files) == (SAME, (light,), ("a.py",))
        assert group.proof[-1] == "not proven in 15 of 30 cases"

    @pytest.mark.parametrize(
        ("message", "together"),
        [
            ("dilation is 1, expected 2x3", True),
            ("dilation is 1, expected 4", True),
            ("group is 1, expected 2", False),
        ],
    )
    def test_messages_that_differ_in_numbers_alone_are_one(self, message, together):
        lost = [
            dataclasses.replace(SAME, findings=(finding("PAD903", "attribute_lost", said),))
            for said in ("dilation is 1, expected 2", message)
        ]
        assert (len(class_groups(lost, [None, None])) == 1) == together

    def test_pads_of_any_rank_are_one(self):
        said = ("padding is lost: pads (0,0), expected (0,1)", "padding is lost: pads (0,0)x(0,1)")
        assert gist(said[0]) == gist("padding is lost: pads (0,0), expected (0,0)x(0,0)x(0,1)")
        assert gist(said[0]) != gist(said[1])

    @pytest.mark.parametrize(
        ("message", "notes", "left"),
        [
            (
                "extra pad is after: pads (0,1), expected (1,0)",
                ("pads: reference (1,0), observed (0,1)", "grid shift: (1) input elements"),
                [],
            ),
            (
                "dilation is lost",
                ("crops: reference (1,0), observed (0,1)", "output size: 2, expected 3"),
                ["crops: reference (1,0), observed (0,1)", "output size: 2, expected 3"],
            ),
            ("output size is 2, expected 3", ("output size: 2, expected 3",), []),
        ],
    )
    def test_what_a_message_says_is_not_said_again(self, message, notes, left):
        one = dataclasses.replace(SAME, findings=(finding("PAD101", "", message, *notes),))
        (group,) = class_groups([one], [None])
        assert (group.differences, group.remarks) == (left, [])

    def test_looks_are_told_where_nothing_explains_them(self):
        notes = ("12.50 % of outputs wrong", "seen: only the border is wrong")
        (found,) = UNEXPLAINED.findings
        told = dataclasses.replace(UNEXPLAINED, findings=(dataclasses.replace(found, notes=notes),))
        assert class_groups([told], [None])[0].remarks == list(notes)
        found = finding("PAD101", "", "pads", *notes, "right without optimization")
        told = dataclasses.replace(SAME, findings=(found,))
        assert class_groups([told], [None])[0].remarks == ["right without optimization"]

    def test_no_rivals_are_told_where_it_is_proven(self):
        sure = "proven: PAD101 reproduces all 2 outputs exactly, residual 0"
        found = finding("PAD101", "asymmetric_same", "pads", f"{sure}; rivals ruled out at conv()")
        told = str(card(failures=(dataclasses.replace(SAME, findings=(found,)),)))
        assert f"\n  {sure}\n" in told
        assert "rivals" not in told

    def test_a_narrow_table_has_the_cases_below(self):
        assert (
            "     -     20        -  PAD104+  Conv 1-D\n"
            "                        PAD904*\n"
            "    k2 pads (1,0) at 4, channels 2 to 3, open sizes,\n"
            "      opset 9\n"
        ) in render(FULL, width=54)


def test_a_subject_that_refuses_everything_is_not_praised():
    none = card(counts={"refused": 72}, failures=())
    assert (none.verdict, none.exit_code) == ("unverified", 3)
    assert str(none).splitlines()[1] == "nothing fails, but no case came out right"


def test_colour_comes_only_from_the_paint():
    painted = render(FULL, paint=lambda text, colour: f"<{colour}>{text}</>")
    for words in ("<red>mismatch</>", "<red>PAD101</> a", "<red>PAD904</> b", "\n<red>crashed</>:"):
        assert words in painted
    assert painted.replace("<red>", "").replace("</>", "") == str(FULL)


def test_what_could_not_be_judged_is_told_with_its_case():
    assert (
        "unverified: 1 case: too large to run; the first: Conv k3x3 s2x2 pads (1,1) at\n"
        "    5x5, channels 2 to 3, bias\n"
    ) in str(UNSURE)
    assert "72 cases: 71 right, 0 silently wrong, 0 of the wrong shape, 0 crashed, 1" in str(UNSURE)


def errors(*rows):
    return tuple(
        dataclasses.replace(REFUSALS[0], error=error, count=count, op_type=op_type, rank=rank)
        for error, count, op_type, rank in rows
    )


class TestRefusals:
    def test_of_many_errors_the_first_few_are_told(self):
        many = errors(*(("Error: " + "no " * n + "words", n, "Conv", 3) for n in range(1, 12)))
        told = str(card(refusals=many))
        assert "refused: 11 cases (Conv 3-D): Error: no no" in told
        assert "refused: 3 cases" not in told
        assert "\n... and 3 other errors, in --format json\n" in told

    def test_errors_that_differ_in_numbers_and_names_are_one(self):
        rows = errors(
            ("ValueError: 'a' has (1, 2)", 2, "Conv", 1),
            ("ValueError: 'b' has (3, 4, 5)", 4, "Conv", 2),
            ("ValueError: 'a' has no", 1, "MaxPool", 3),
        )
        told = str(card(refusals=rows))
        assert "refused: 6 cases (Conv): ValueError: 'b' has (3, 4, 5)\n" in told
        assert "refused: 1 case (MaxPool 3-D): ValueError: 'a' has no\n" in told

    def test_no_number_of_axes_is_told_where_it_is_all_that_were_asked(self):
        rows = errors(*(("E", 1, op, rank) for op in ("Conv", "MaxPool") for rank in (1, 2)))
        assert "refused: 4 cases (Conv, MaxPool 1-D, 2-D): E\n" in str(card(refusals=rows))

    def test_a_long_error_is_told_by_its_first_and_last_words(self):
        error = " ".join(f"{chr(letter) * 9}" for letter in range(ord("a"), ord("z")))
        told = str(card(refusals=errors((error, 1, "Conv", 3))))
        assert "aaaaaaaaa bbbbbbbbb" in told
        assert "fffffffff ... ppppppppp" in " ".join(told.split())
        assert "yyyyyyyyy\n" in told


def test_reasons_for_not_asking_are_put_together_and_cut():
    reasons = {f"opset {n} has none": n for n in (7, 9, 11)} | {
        "no " * n + "words": 1 for n in range(1, 10)
    }
    told = str(card(suite=dataclasses.replace(FULL.suite, left_out=reasons)))
    assert "\nnot asked: 27 cases: opset 11 has none\n" in told
    assert told.count("\nnot asked: ") == 8
    assert "\n... and 2 other reasons, in --format json\n" in told


def test_a_part_of_a_level_is_told_and_fits_the_schema():
    part = card(suite=dataclasses.replace(FULL.suite, level="deep, conv and max_pool, 2-D"))
    assert "\nsuite deep, conv and max_pool, 2-D, version 1; 6 more" in str(part)
    jsonschema.validate(json.loads(json.dumps(part.to_dict())), SCHEMA)


def test_ops_of_ones_own():
    own = card(suite=dataclasses.replace(FULL.suite, level="own"))
    assert "\ncases of your own; 6 more are no question for it\n" in str(own)


def test_a_subject_without_a_version():
    assert str(UNVERSIONED).splitlines()[0] == "mypkg.convert:to_keras: mismatch"
    assert "measured with" not in str(UNVERSIONED)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (STRIDED, "k3x3 s2x2 pads (1,1) at 5x5, channels 2 to 3, bias"),
        (case(pads="same_lower"), "k3x3 auto_pad SAME_LOWER at 5x5, channels 2 to 3"),
        (case(pads=((0, 1), (2, 3))), "k3x3 pads (0,1)x(2,3) at 5x5, channels 2 to 3"),
        (
            case(pads=1, pad_mode="edge"),
            "k3x3 pads (1,1) at 5x5, channels 2 to 3, pad mode edge",
        ),
        (
            case(pads=1, padding="split"),
            "k3x3 pads (1,1) at 5x5, channels 2 to 3, pads shared by a Pad node and the op",
        ),
        (POOL, "k2x2 pads (1,1) at 4x4, pads in a Pad node"),
        (
            Case(spec=padcheck.lp_pool(input_size=4, kernel_size=2, dilation=2, p=3), opset=18),
            "k2 d2 at 4, p 3, opset 18",
        ),
        (
            Case(
                spec=padcheck.average_pool(
                    input_size=4, kernel_size=2, pads=1, ceil_mode=True, count_include_pad=True
                )
            ),
            "k2 pads (1,1) at 4, ceil_mode, count_include_pad",
        ),
        (
            Case(
                spec=padcheck.conv_transpose(
                    input_size=4, kernel_size=3, stride=2, pads=1, output_padding=1
                ),
                dynamic=True,
            ),
            "k3 s2 crops (1,1) at 4, channels 2 to 3, output_padding 1, open sizes",
        ),
    ],
)
def test_a_case_in_words(one, words):
    assert case_words(one) == words


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (STRIDED, "k3 s2 pads (1,1) at 5x5, channels 2 to 3, bias"),
        (case(kernel_size=(1, 3), pads="same_lower", channels=(1, 1)), "k1x3 SAME_LOWER at 5x5"),
        (case(pads=1, pad_mode="edge", channels=(1, 1)), "k3 pads (1,1) at 5x5, edge pads"),
        (case(pads=1, padding="split", channels=(1, 1)), "k3 pads (1,1) at 5x5, Pad node and op"),
        (POOL, "k2 pads (1,1) at 4x4, Pad node"),
    ],
)
def test_a_case_in_fewer_words(one, words):
    assert short_words(one) == words


def test_scripts_have_names_of_their_own_and_none_without_a_script():
    names = script_names([SAME, SAME, CRASH, UNEXPLAINED, SAME])
    assert names == [
        "conv-2d-PAD101.py",
        "conv-2d-PAD101-2.py",
        "maxpool-2d-crashed.py",
        None,
        "conv-2d-PAD101-3.py",
    ]


def test_the_worst_come_first_whatever_the_order():
    worst = [SAME, UNEXPLAINED, KNOWN, TWICE, CRASH]
    assert worst_first(FAILURES) == worst_first(reversed(FAILURES)) == worst


class TestMarkdown:
    def test_every_class_has_its_repro_behind_a_line(self):
        told = render_markdown(FULL)
        title, *_ = told.splitlines()
        assert title == "# onnx2keras 0.0.25: convolutions and pools that come out wrong"
        assert told.count(f"</summary>\n\n```python\n{REPRO}```\n\n</details>\n") == 3
        assert told.count("<details><summary>repro: ") == 4
        assert "<summary>repro: MaxPool k2x2 pads (1,1) at 4x4, pads in a Pad node</summ" in told
        for words in ("Measured with onnx2keras 0.0.25, keras 3.15.1", "suite quick, version 1"):
            assert words in told

    def test_a_cause_has_one_section(self):
        told = render_markdown(card(failures=(SAME, FLAT, UNEXPLAINED)))
        assert re.findall("^## .*", told, re.M) == [
            "## 1. PAD101 asymmetric_same: Conv 1-D, 2-D",
            "## 2. PAD999 unexplained: Conv 2-D",
        ]
        assert "\n- smallest case: Conv k2 pads (1,0) at 2\n- pads: reference (1,1), obs" in told
        assert "seen: " not in told

    def test_what_is_known_is_told_so(self):
        assert "\n- known: mended in 1.0\n" in render_markdown(FULL)

    def test_text_of_others_is_code_or_escaped(self):
        told = render_markdown(FULL)
        assert r"- ``signal SIGSEGV: Fatal `Python` error\n@someone``" in told
        assert "\n- 1 \\| 2\n" in told

    def test_a_fence_is_longer_than_any_in_the_script(self):
        fenced = dataclasses.replace(SAME, repro="x = '''\n````\n'''\n")
        assert "\n`````python\nx = '''\n````\n'''\n`````\n" in render_markdown(
            card(failures=(fenced,))
        )

    def test_scripts_are_left_out_where_an_issue_holds_no_more(self):
        """The first of each cause is there before any second."""
        long = "x = 1\n" * 2500
        rows = [
            dataclasses.replace(moved(SAME, rank, LINE), repro=f"# {rank}\n{long}")
            for rank in (1, 2, 3)
        ]
        rows.append(dataclasses.replace(TWICE, repro=f"# 4\n{long}"))
        told = render_markdown(card(failures=tuple(rows)))
        assert [f"# {at}\n" in told for at in (1, 2, 3, 4)] == [True, True, False, True]
        assert len(told) < 65_536
        assert told.endswith(
            "\n\nScripts left out: 1; `padcheck grade` writes them with `--repros DIR`.\n"
        )

    def test_the_table_has_a_row_per_class(self):
        rows = [line for line in render_markdown(FULL).splitlines() if line.startswith("|")]
        assert len(rows) == 2 + len(FAILURES)
        assert len({row.count("|") for row in rows}) == 1
        assert rows[2] == (
            "| 1 | Conv 2-D | PAD101 asymmetric_same | 12 | 3 | 0 "
            "| k3x3 s2x2 pads (1,1) at 5x5, channels 2 to 3, bias |"
        )
        assert [row.split(" | ")[0] for row in rows[2:]] == ["| 1", "| 2", "| 1", "| 3", "| 4"]

    def test_a_clean_card(self):
        told = render_markdown(CLEAN)
        assert told.startswith("# onnx2keras 0.0.25: every convolution and pool that was tried")
        assert "|" not in told

    def test_what_only_crashes(self):
        told = render_markdown(card(failures=(CRASH,)))
        assert told.startswith("# onnx2keras 0.0.25: convolutions and pools that crash it\n")


class TestTable:
    def test_one_row_per_card(self):
        head, _, *rows = table([FULL.to_dict(), CLEAN.to_dict()]).splitlines()
        assert head == (
            "| subject | version | suite | cases | right | silent | shape | refused | crashed "
            "| not judged | what fails |"
        )
        assert rows == [
            "| `onnx2keras` | 0.0.25 | quick 1 | 72 | 20 | 15 | 23 | 10 | 4 | 0 "
            "| PAD101, PAD104, PAD904, PAD999, crashed |",
            "| `onnx2keras` | 0.0.25 | quick 1 | 72 | 72 | 0 | 0 | 0 | 0 | 0 | nothing |",
        ]

    def test_it_survives_json(self):
        data = FULL.to_dict()
        assert table([data]) == table([json.loads(json.dumps(data, sort_keys=True))])


def test_the_counts_of_a_card_are_those_of_its_ops():
    for how in HOWS:
        assert sum(op.counts[how] for op in FULL.ops) == FULL.counts[how]


def test_an_infinite_residual_is_null():
    assert UNEXPLAINED.findings[0].proof.residual == math.inf
    rows = card(failures=(UNEXPLAINED, ONLY_KNOWN.failures[0])).to_dict()["failures"]
    assert [row["proof"]["residual"] for row in rows] == [None, 0.0]
