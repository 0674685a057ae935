"""A scorecard as text, as Markdown and as JSON."""

import dataclasses
import json
import math

import jsonschema
import pytest

import padcheck
from padcheck.records.case import HOWS, Case
from padcheck.report.case_words import case_words
from padcheck.report.scorecard import render
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
)
from tests.support import ROOT

SHORT = dataclasses.replace(REFUSALS[2], error="ValueError: 3 axes")
SCHEMA = json.loads((ROOT / "padcheck" / "report" / "scorecard_schema.json").read_text())


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
    """Silent before shape before crashed, the more frequent first; the known at the end."""
    told = card(stale=FULL.stale, notes=FULL.notes, refusals=(*REFUSALS[:2], SHORT))
    assert str(told) == TEXT


TEXT = r"""onnx2keras 0.0.25: mismatch
4 failing classes and 1 stale entry of known failures
72 cases: 20 right, 15 silently wrong, 23 of the wrong shape, 10 refused, 4
crashed
suite quick, version 1; 6 more are no question for it

stale: known failure conv-2d: no longer fails

PAD101 asymmetric_same: Conv 2-D: 12 cases silently wrong, 3 of the wrong shape
  extra pad is at the bottom/right: pads (0,1)
  smallest: Conv k3x3 s2x2 pads (1,1) at 5x5, channels 2 to 3, bias
  note: pads: reference (1,1), observed (0,1)
  note: proven: PAD101 reproduces all 192 outputs exactly, residual 0
  repro: conv-2d-PAD101.py

PAD999 unexplained: Conv 2-D: 2 cases silently wrong
  outputs differ
  smallest: Conv k3x3 pads (0,0) at 5x5, channels 4 to 4, 2 groups
  note: unexplained

PAD104 pads_dropped + PAD904 bias_lost: Conv 1-D: 20 cases of the wrong shape
  padding is lost
  bias is lost
  smallest: Conv k2 pads (1,0) at 4, channels 2 to 3, open sizes, opset 9
  note: 1 | 2
  note: not proven in 2 of its 20 cases
  repro: conv-1d-PAD104-PAD904.py

crashed: MaxPool 2-D: 4 cases crashed
  signal SIGSEGV: Fatal `Python` error\n@someone
  smallest: MaxPool k2x2 pads (1,1) at 4x4, pads in a Pad node
  repro: maxpool-2d-crashed.py

op           cases  right  silent  shape  refused  crashed
Conv 1-D        24      -       -     20        4        -
Conv 2-D        43     20      15      3        5        -
MaxPool 2-D      5      -       -      -        1        4

known: PAD101 asymmetric_same: Conv 3-D: 1 case silently wrong: mended in 1.0

refused: 9 cases (Conv 1-D, 3-D): KeyError: 'w'
refused: 1 case (MaxPool 2-D): ValueError: 3 axes

not asked: 6 cases: no words for wrap

note: half of it

the repro scripts: padcheck grade onnx2keras --repros DIR
measured with onnx2keras 0.0.25, keras 3.15.1, tensorflow 2.21.0
"""


def test_a_subject_that_refuses_everything_is_not_praised():
    none = card(counts={"refused": 72}, failures=())
    assert none.exit_code == 0
    assert str(none).splitlines()[1] == "nothing fails, but no case came out right"


def test_colour_comes_only_from_the_paint():
    painted = render(FULL, paint=lambda text, colour: f"<{colour}>{text}</>")
    for words in ("<red>mismatch</>", "<red>PAD101</> a", "<red>PAD904</> b", "<red>crashed</>:"):
        assert words in painted
    assert painted.replace("<red>", "").replace("</>", "") == str(FULL)


def test_what_could_not_be_judged_is_told_with_its_case():
    assert (
        "unverified: 1 case: too large to run; the first: Conv k3x3 s2x2 pads (1,1) at\n"
        "    5x5, channels 2 to 3, bias\n"
    ) in str(UNSURE)
    assert "72 cases: 71 right, 0 silently wrong, 0 of the wrong shape, 0 crashed, 1" in str(UNSURE)


def test_of_many_errors_the_first_few_are_told():
    many = tuple(
        dataclasses.replace(REFUSALS[0], error=f"KeyError: {n}", count=n) for n in range(1, 12)
    )
    told = str(card(refusals=many))
    assert "refused: 11 cases (Conv 3-D): KeyError: 11\n" in told
    assert "KeyError: 3\n" not in told
    assert "\n... and 3 other errors, in --format json\n" in told


def test_the_level_is_part_of_the_command_unless_it_is_the_default():
    deep = dataclasses.replace(FULL.suite, level="deep")
    assert "padcheck grade onnx2keras --level deep --repros DIR\n" in str(card(suite=deep))


def test_ops_of_ones_own_have_no_command():
    own = card(suite=dataclasses.replace(FULL.suite, level="own"))
    assert "repros DIR" not in str(own)
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
            "k2 d2 pads (0,0) at 4, p 3, opset 18",
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
    def test_every_class_has_its_repro_as_code(self):
        told = render_markdown(FULL)
        title, *_ = told.splitlines()
        assert title == "# onnx2keras 0.0.25: convolutions and pools that come out wrong"
        assert told.count(f"\n\n```python\n{REPRO}```\n") == 3
        assert "## 4. Conv 1-D: PAD104 pads_dropped + PAD904 bias_lost\n\n20 cases of" in told
        assert told.count("\n- seen: the interior is right after a shift") == 2
        for words in ("Measured with onnx2keras 0.0.25, keras 3.15.1", "suite quick, version 1"):
            assert words in told

    def test_text_of_others_is_code_or_escaped(self):
        told = render_markdown(FULL)
        assert r"- ``signal SIGSEGV: Fatal `Python` error\n@someone``" in told
        assert "\n- 1 \\| 2\n" in told

    def test_a_fence_is_longer_than_any_in_the_script(self):
        fenced = dataclasses.replace(SAME, repro="x = '''\n````\n'''\n")
        assert "\n`````python\nx = '''\n````\n'''\n`````\n" in render_markdown(
            card(failures=(fenced,))
        )

    def test_the_table_has_a_row_per_class(self):
        rows = [line for line in render_markdown(FULL).splitlines() if line.startswith("|")]
        assert len(rows) == 2 + len(FAILURES)
        assert len({row.count("|") for row in rows}) == 1
        assert rows[2] == (
            "| 1 | Conv 2-D | PAD101 asymmetric_same | 12 | 3 | 0 "
            "| k3x3 s2x2 pads (1,1) at 5x5, channels 2 to 3, bias |"
        )

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
