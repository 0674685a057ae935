"""`padcheck compare`: its arguments, the inputs it reads, and how it ends."""

import io
import os
import zipfile

import numpy as np
import pytest

from padcheck.cli.arrays import MOST_BYTES, read_inputs
from padcheck.errors import UsageError
from tests.support import padcheck
from tests.test_cli import one_line_error
from tests.test_lazy_imports import FRAMEWORKS, loaded_after

MODEL = "fixtures/resnet_thin.onnx"


def npy(array, *, allow_pickle=False):
    """The bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def claiming(shape):
    """The bytes of a .npy file whose header claims a shape that it does not have."""
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + bytes(12)


def test_the_help_has_examples_and_every_option():
    done = padcheck("compare", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "Example: padcheck compare model.onnx model.keras",
        "padcheck compare model.onnx --via onnx2keras",
        "padcheck compare model.onnx model.tflite --input image.npy",
        "padcheck compare model.onnx model.keras --fix repaired.keras",
        "--change-ordering",
        "--input-shape",
        "--trust",
        "--format [text|json]",
        "-o, --output FILE",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_help_loads_neither_framework_nor_numpy():
    code = "from padcheck.cli import main; main(['compare', '--help'])"
    assert not loaded_after(code) & {*FRAMEWORKS, "onnx", "numpy"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'SOURCE'"),
        ((MODEL,), "expected either TARGET or --via CONVERTER but got neither"),
        (
            (MODEL, MODEL, "--via", "onnx2keras"),
            "expected either TARGET or --via CONVERTER but got both",
        ),
        ((MODEL, "--via", "tf2onnx"), "'tf2onnx' is not 'onnx2keras'"),
        ((MODEL, MODEL, "--change-ordering"), "expected --change-ordering only with --via"),
        (
            (MODEL, MODEL, "--input-shape", "x=1,3,9,9", "--input-shape", "x=1,3,8,8"),
            "expected --input-shape once for each input",
        ),
        ((MODEL, MODEL, "--input-shape", "1,3,9,9"), "NAME=1,3,225,225"),
        ((MODEL, MODEL, "--input", "missing.npy"), "--input missing.npy: No such file"),
        ((MODEL, MODEL, "--input", "x=missing.npy"), "--input missing.npy: No such file"),
        ((MODEL, MODEL, "--input", "README.md"), "--input README.md: expected a .npy or .npz file"),
        ((MODEL, MODEL, "--input", "fixtures"), "--input fixtures: Is a directory"),
        ((MODEL, MODEL, "--format", "yaml"), "'yaml' is not one of"),
    ],
)
def test_a_user_error_is_one_line_and_exit_code_2(arguments, words):
    assert words in one_line_error(padcheck("compare", *arguments))


def test_no_input_is_none():
    assert read_inputs(()) is None


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_an_array_is_read_as_it_is(tmp_path, dtype):
    array = np.arange(24).reshape(1, 2, 3, 4).astype(dtype)
    path = tmp_path / "x.npy"
    path.write_bytes(npy(np.asfortranarray(array)))
    found = read_inputs([str(path)])
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_arrays_have_the_names_given(tmp_path):
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.npy").write_bytes(npy(np.full((2, 2), value)))
    found = read_inputs([f"x:0={tmp_path / 'a.npy'}", f"y={tmp_path / 'b.npy'}"])
    assert {name: int(array[0, 0]) for name, array in found.items()} == {"x:0": 1, "y": 2}


def test_the_arrays_of_an_npz_have_its_names(tmp_path):
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "all.npz", image=np.ones((1, 3)), mask=np.zeros(4))
        found = read_inputs([str(tmp_path / "all.npz")])
        assert {name: array.shape for name, array in found.items()} == {
            "image": (1, 3),
            "mask": (4,),
        }


def test_a_file_may_have_an_equals_sign_in_its_name(tmp_path):
    path = tmp_path / "n=5.npy"
    path.write_bytes(npy(np.ones(5)))
    assert read_inputs([str(path)]).shape == (5,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npy(np.array([{}]), allow_pickle=True), "a pickle, which is not opened"),
        (npy(np.ones(3, complex)), "expected real numbers but got complex128"),
        (npy(np.array(["a"])), "expected real numbers but got <U1"),
        (npy(np.ones(3))[:-1], "it should hold 24 bytes of numbers, not 23"),
        (npy(np.ones(3)) + b"0", "it should hold 24 bytes of numbers, not 25"),
        (npy(np.ones(3))[:20], "EOF: reading array header"),
        (claiming((1 << 40,)), f"expected at most {MOST_BYTES} bytes but got shape"),
        (claiming((1 << 20,)), "it should hold 4194304 bytes of numbers, not 12"),
        (claiming((-3,)), "expected sizes >= 0 but got shape (-3,)"),
        (claiming((-1, -3)), "expected sizes >= 0 but got shape (-1, -3)"),
        (b"\x93NUMPY\x09\x00" + bytes(20), "version"),
        (b"\x93NUMPY\x01\x00\x04\x00((((", "EOF in multi-line statement"),
        (b"", "expected a .npy or .npz file"),
        (b"PK\x03\x04" + bytes(40), "no whole .npz file"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path, content, words):
    path = tmp_path / "bad.npy"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_inputs([str(path)])
    line = str(caught.value)
    assert line.startswith(f"--input {path}: ")
    assert words in line
    assert "\n" not in line


def test_a_pickle_in_an_archive_is_not_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", npy(np.array([{}]), allow_pickle=True))
    with pytest.raises(UsageError, match="a pickle, which is not opened"):
        read_inputs([str(tmp_path / "x.npz")])


def test_an_archive_that_would_swell_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        for _ in range((MOST_BYTES >> 24) + 1):
            member.write(bytes(1 << 24))
    assert os.path.getsize(path) < MOST_BYTES >> 8
    with pytest.raises(UsageError, match=f"expected at most {MOST_BYTES} bytes of arrays"):
        read_inputs([str(path)])


def test_names_are_needed_once_there_are_two_inputs(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(npy(np.ones(3)))
    for values in ([str(path), str(path)], [str(path), f"x={path}"]):
        with pytest.raises(UsageError, match=r"NAME=FILE\.npy where there is more than one input"):
            read_inputs(values)
    with pytest.raises(UsageError, match="expected --input once for each input but got x twice"):
        read_inputs([f"x={path}", f"x={path}"])
    np.savez(tmp_path / "all.npz", x=np.ones(3))
    with pytest.raises(UsageError, match=r"y=FILE\.npy but the arrays in .*all\.npz have names"):
        read_inputs([f"y={tmp_path / 'all.npz'}"])
