"""A sweep as text and as a picture: every letter explained, at any width, told once."""

from xml.etree import ElementTree

import pytest

from padcheck.records import OpKind
from padcheck.records.grid import SweepGrid
from padcheck.records.sweep import LoweringSweep, Sweep
from padcheck.report.heatmap import render
from padcheck.report.svg import render_svg
from padcheck.report.sweep_words import spelled

SVG = "{http://www.w3.org/2000/svg}"


def row(lowering, outcomes, measured=None, **more):
    predicted = outcomes.replace("!", ".")
    return LoweringSweep(
        lowering=lowering,
        outcomes=outcomes,
        predicted=predicted,
        measured=measured or outcomes.replace("!", "S").replace("?", "-"),
        **more,
    )


def made(*rows, **more):
    fields = {"kind": OpKind.MAX_POOL, "input_size": (5, 6, 7), "kernel_size": (1, 2)}
    grid = SweepGrid(**(fields | {"stride": (1, 2), "padding": ("half",)} | more))
    return Sweep(padcheck="0.1.0", grid=grid, lowerings=rows, frameworks={"torch": "2.13.0"})


@pytest.fixture
def result():
    return made(
        row("torch", "." * 12),
        row("<same>", "..S.#?...!##", reasons={5: "no words & no <tags>"}),
    )


def test_the_whole_page(result):
    assert render(result) == (
        "mismatch\n"
        "5 of 12 geometries differ under some lowering\n"
        "max_pool, 1 axis: input 5..7, kernel 1,2, stride 1,2, padding half = (k-1)//2\n"
        "\n"
        "torch: agrees, at all 12\n"
        "\n"
        "<same>: rows are kernel sizes, columns input sizes\n"
        "  stride 1   stride 2\n"
        "      5          5\n"
        "  k 1 ..S    k 1 ...\n"
        "  k 2 .#?    k 2 !##\n"
        "\n"
        "  .  agrees\n"
        "  #  silent: right shape, wrong numbers\n"
        "  S  another shape\n"
        "  ?  not checked\n"
        "  !  diverges: not what its own rule says (PAD998)\n"
        "\n"
        "torch: agrees 12 (100.00 %)\n"
        "<same>: agrees 6 (50.00 %), silent 3 (25.00 %), shape 1 (8.33 %), unverified 1\n"
        "  (8.33 %), diverges 1 (8.33 %)\n"
        "\n"
        "silent, share of geometries by stride\n"
        "        stride 1  stride 2\n"
        "<same>   16.67 %   33.33 %\n"
        "\n"
        "PAD998 framework_diverges: <same> does not do what its own rule says at 1\n"
        "  geometry; smallest: max_pool(n=5, k=2, s=2, pads=(0,0)), predicted the right\n"
        "  numbers, measured another shape\n"
        "could not be run: 1 of <same>: no words & no <tags>\n"
        "\n"
        "measured with torch 2.13.0\n"
    )


def test_str_is_the_text(result):
    assert str(result) == render(result)


def test_colour_comes_only_from_the_paint(result):
    assert "\x1b" not in render(result)
    painted = render(result, paint=lambda text, colour: f"[{colour}:{text}]")
    assert "k 2 [magenta:!][red:##]" in painted
    assert "[green:..][yellow:S]" in painted


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_maps_are_cut_at_the_width_and_lose_nothing(width):
    sizes = tuple(range(5, 205))
    letters = "".join(".#S?!"[n % 5] for n in range(2 * 2 * len(sizes)))
    text = render(made(row("a", letters), input_size=sizes), width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    drawn = sum(line.count(letter) for line in lines if "  k " in line for letter in ".#S?!")
    assert drawn == len(letters)


def test_maps_of_one_padding_stand_together_and_alike_ones_take_a_line():
    text = render(made(row("a", "." * 12 + "#" * 6 + "." * 6), padding=("half", "0:1")))
    assert " padding half: agrees, at all 12\n\n padding 0:1\n  stride 1" in text
    assert "a, half    0.00 %    0.00 %" in text
    assert "a, 0:1   100.00 %    0.00 %" in text


def test_what_has_no_output_is_blank_and_told():
    text = render(made(row("a", ".. .#. ..  .")))
    assert "3 of 8" not in text
    assert "1 of 8 geometries differ under some lowering; 4 more have no output, left out" in text
    assert "  k 1 ..     k 1  ..\n" in text
    assert "blank: no output" in text


def test_agreement_and_doubt_are_verdicts_of_their_own():
    assert render(made(row("a", "." * 12))).startswith(
        "equivalent\n12 geometries agree under every lowering\n"
    )
    assert render(made(row("a", "." * 11 + "?"))).startswith(
        "unverified\n12 geometries: none is known to differ, not all could be checked\n"
    )


def test_the_most_frequent_reasons_come_first_and_the_rest_are_counted():
    reasons = {0: "b", 1: "a", 2: "a", 3: "c", 4: "d", 5: "e"}
    text = render(made(row("x", "?" * 6 + "." * 6, reasons=reasons)))
    assert text.index("2 of x: a") < text.index("1 of x: b") < text.index("1 of x: c")
    assert "could not be run: 2 more of x, for 2 reasons beside these" in text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((7,), "7"),
        ((1, 2), "1,2"),
        ((5, 6, 7), "5..7"),
        ((5, 7, 9), "5..9:2"),
        ((1, 3, 8), "1,3,8"),
        ((1, 2, 4, 8, 16, 32, 64, 128, 256), "1,2,4,8,16,32,...,256"),
    ],
)
def test_values_are_spelled_as_they_are_written(values, text):
    assert spelled(values) == text


def test_dilation_changes_what_half_means():
    text = render(made(row("a", "." * 24), dilation=(1, 2)))
    assert "dilation 1,2, padding half = (k_eff-1)//2" in " ".join(text.split())


def rects(picture):
    return [
        (int(one.get("width")) // 12, one.get("fill"), one.find(f"{SVG}title").text)
        for one in ElementTree.fromstring(picture).iter(f"{SVG}rect")
        if one.find(f"{SVG}title") is not None
    ]


def test_the_picture_has_a_rectangle_for_every_run(result):
    assert rects(render_svg(result)) == [
        (2, "#dddddd", "k=1, n=5..6: agrees"),
        (1, "#0072b2", "k=1, n=7: shape"),
        (1, "#dddddd", "k=2, n=5: agrees"),
        (1, "#d55e00", "k=2, n=6: silent"),
        (1, "#f0e442", "k=2, n=7: unverified"),
        (3, "#dddddd", "k=1, n=5..7: agrees"),
        (1, "#000000", "k=2, n=5: diverges"),
        (2, "#d55e00", "k=2, n=6..7: silent"),
    ]


def test_the_picture_has_title_axes_legend_and_all_that_is_told(result):
    root = ElementTree.fromstring(render_svg(result))
    assert root.find(f"{SVG}title").text.startswith("padcheck sweep of max_pool, 1 axis")
    texts = [one.text for one in root.iter(f"{SVG}text")]
    for words in (
        "padcheck sweep: mismatch",
        "rows: kernel size k; columns: input size n",
        "silent: right shape, wrong numbers",
        "torch: agrees, at all 12",
        "stride 2",
        "n=5",
        "k=2",
        "measured with torch 2.13.0",
        "could not be run: 1 of <same>: no words & no <tags>",
    ):
        assert words in texts
    assert render_svg(result) == render_svg(result)


def test_nothing_lies_outside_of_the_picture():
    sizes = tuple(range(5, 105))
    letters = ("#." * 50 + "S" * 100) * 2
    root = ElementTree.fromstring(render_svg(made(row("a", letters), input_size=sizes)))
    width, height = int(root.get("width")), int(root.get("height"))
    for one in root.iter(f"{SVG}rect"):
        x, y = int(one.get("x", 0)), int(one.get("y", 0))
        assert 0 <= x <= x + int(one.get("width")) <= width
        assert 0 <= y <= y + int(one.get("height")) <= height


def test_a_cell_without_output_is_not_drawn():
    picture = render_svg(made(row("a", ".. .#. ..  .")))
    assert sum(width for width, _, _ in rects(picture)) == 8
    assert "blank: no output" in picture
