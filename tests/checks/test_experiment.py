"""`check_conv` in the real frameworks: the numbers that must come out."""

import pytest

import padcheck
from padcheck.errors import UsageError

LOWERINGS = ("torch", "tf_same", "tf_zeropad_valid")


def check(n, k, s, p, **more):
    return padcheck.check_conv(input_size=n, kernel_size=k, stride=s, pads=p, **more)


@pytest.fixture(scope="module")
def flagship():
    return check((224, 224), 3, 2, 1)


def test_the_flagship(flagship):
    (op,) = flagship.ops
    same = op.lowerings["tf_same"]
    assert flagship.verdict == "mismatch"
    assert (same.pad_before, same.pad_after) == ((0, 0), (1, 1))
    assert same.grid_shift == (1, 1)
    assert same.mismatched > 0.99
    assert same.measured
    assert [f.code for f in flagship.findings] == ["PAD101"]
    assert flagship.findings[0].proof.status == "proven"
    assert op.agrees_when[0].modulus == 2
    assert op.agrees_when[0].residues == (1,)
    for lowering in ("torch", "tf_zeropad_valid"):
        assert op.lowerings[lowering].verdict == "equivalent"
        assert op.lowerings[lowering].mismatched == 0.0


def test_the_report_survives_json(flagship):
    assert padcheck.Report.from_dict(flagship.to_dict()) == flagship
    assert set(flagship.frameworks) >= {"torch", "keras", "tensorflow"}


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "pads", "verdict"),
    [
        (225, 3, 2, 1, (1, 1), "equivalent"),
        (257, 3, 2, 1, (1, 1), "equivalent"),
        (513, 3, 2, 1, (1, 1), "equivalent"),
        (512, 3, 2, 1, (0, 1), "mismatch"),
        (224, 7, 2, 3, (2, 3), "mismatch"),
        (224, 11, 4, 5, (3, 4), "mismatch"),
        (8, 4, 2, 1, (1, 1), "equivalent"),
    ],
)
def test_predicted_numbers(n, k, s, p, pads, verdict):
    report = check((n, n), k, s, p, static=True)
    same = report.ops[0].lowerings["tf_same"]
    assert report.verdict == verdict
    assert (same.pad_before[0], same.pad_after[0]) == pads
    assert not same.measured


def test_k11_s4_p5_moves_the_grid_by_two():
    assert check((224, 224), 11, 4, 5, static=True).ops[0].lowerings["tf_same"].grid_shift == (2, 2)


def test_keras_2x2_strides_2_on_5x5_and_6x6():
    five = check((5, 5), 2, 2, 0, channels=(1, 24)).ops[0]
    assert five.lowerings["tf_same"].output_size == (3, 3)
    assert five.lowerings["tf_zeropad_valid"].output_size == (2, 2)
    assert five.parameters == 120
    assert five.verdict == "mismatch"
    six = check((6, 6), 2, 2, 0, channels=(1, 24)).ops[0]
    assert six.verdict == "equivalent"
    assert {six.lowerings[name].output_size for name in LOWERINGS} == {(3, 3)}


def test_the_parameters_are_those_that_keras_counts():
    from keras import layers

    for padding, size in (("same", 3), ("valid", 2)):
        layer = layers.Conv2D(24, (2, 2), strides=2, padding=padding)
        layer.build((None, 5, 5, 1))
        assert layer.count_params() == 120
        assert layer.compute_output_shape((None, 5, 5, 1)) == (None, size, size, 24)


def test_a_chain_of_valid_5x5():
    size, sizes = 32, []
    for _ in range(7):
        (size,) = {*check((size, size), 5, 1, "valid", static=True).ops[0].output_size}
        sizes.append(size)
    assert (sizes[0], sizes[-1]) == (28, 4)


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "size"),
    [(8, 3, 1, 1, 8), (8, 3, 2, 1, 4), (6, 3, 1, "valid", 4), (6, 3, 1, 1, 6)],
)
def test_output_sizes(n, k, s, p, size):
    assert check((n, n), k, s, p, static=True).ops[0].output_size == (size, size)


@pytest.mark.parametrize("rank", [1, 3])
def test_other_ranks_are_measured(rank):
    report = check((8,) * rank, 3, 2, 1)
    same = report.ops[0].lowerings["tf_same"]
    assert same.measured
    assert same.findings == ("PAD101",)


def test_tf_to_torch_gives_the_f_pad_line():
    report = check((224, 224), 3, 2, "same")
    assert report.ok
    torch = report.ops[0].lowerings["torch"]
    assert "F.pad(x, (0, 1, 0, 1))" in torch.code[0]
    assert "PyTorch's own padding= cannot express these pads" in torch.notes


def test_pads_are_given_before_and_after_axis_by_axis():
    op = check((9, 12), 3, 1, (1, 2, 0, 3), static=True).ops[0]
    assert (op.pad_before, op.pad_after) == ((1, 0), (2, 3))


def test_a_huge_input_is_measured_at_a_small_one_with_the_same_residues():
    same = check((4000, 4001), 3, 2, 1).ops[0].lowerings["tf_same"]
    assert same.measured
    assert any(note.startswith("measured at") for note in same.notes)
    assert same.grid_shift == (1, 0)


@pytest.mark.parametrize("pads", [((1, 0), (2, 3)), [[1, 0], [2, 3]], (1, 0, 2, 3)])
def test_pairs_may_be_nested_or_flat(pads):
    op = check((9, 12), 3, 1, pads, static=True).ops[0]
    assert (op.pad_before, op.pad_after) == ((1, 2), (0, 3))


@pytest.mark.parametrize("pads", ["mirror", (1, 2, 3), (1.5, 1), 1.5, ((1, 2),), ((1,), (2, 3, 4))])
def test_pads_that_make_no_sense(pads):
    with pytest.raises(UsageError):
        check((8, 8), 3, 1, pads, static=True)
