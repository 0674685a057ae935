"""The shipped models are what `fixtures/README.md` says, small, valid and able to run."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "fixtures"
MODELS = sorted(FOLDER.glob("*.onnx"))
#: No models: the page itself, and scorecards, which have tests of their own.
BESIDES = {"README.md", "scorecards"}


def load_script() -> ModuleType:
    """`scripts/make_fixtures.py` as a module; it imports no framework until it writes a model."""
    sys.path.append(str(ROOT / "scripts"))  # for the modules beside it
    spec = importlib.util.spec_from_file_location(
        "make_fixtures", ROOT / "scripts" / "make_fixtures.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


make_fixtures = load_script()


def sizes(value: onnx.ValueInfoProto, *, free: int | None) -> list[int | None]:
    """Declared sizes of a tensor, `free` where a size is a name."""
    dims = value.type.tensor_type.shape.dim
    return [free if dim.dim_param else dim.dim_value for dim in dims]


def test_readme_table_is_what_the_script_generates() -> None:
    page = (FOLDER / "README.md").read_text("utf-8")
    assert page == make_fixtures.readme(page, FOLDER)


def test_every_file_is_listed() -> None:
    present = {path.name for path in FOLDER.iterdir()} - BESIDES
    assert present == {fixture.name for fixture in make_fixtures.fixtures()}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_file_is_under_one_megabyte(path: Path) -> None:
    assert 0 < make_fixtures.size_of(path) < 1_000_000


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_model_is_valid_and_carries_its_weights(path: Path) -> None:
    model = onnx.load(path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    external = [tensor.name for tensor in model.graph.initializer if tensor.external_data]
    assert external == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_model_gives_the_output_it_declares(path: Path) -> None:
    graph = onnx.load(path).graph
    shape = sizes(graph.input[0], free=225)
    x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    y = make_fixtures.run(path.read_bytes(), x)
    declared = sizes(graph.output[0], free=None)
    assert len(declared) == y.ndim
    assert all(want in (None, got) for want, got in zip(declared, y.shape, strict=True))
    assert np.isfinite(y).all()
    assert np.abs(y).max() > 1e-3  # the signal reaches the end


@pytest.mark.parametrize("stem", ["resnet_thin", "mobilenetv2_thin"])
@pytest.mark.parametrize("pads", ["", "_tf_pads"], ids=["symmetric", "tf_pads"])
def test_exporters_agree(stem: str, pads: str) -> None:
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)
    variants = ["", "_legacy", "_dynamic", "_dynamic_legacy"]
    files = [FOLDER / f"{stem}{pads}{variant}.onnx" for variant in variants]
    outputs = [make_fixtures.run(path.read_bytes(), x) for path in files]
    for output in outputs[1:]:
        np.testing.assert_allclose(output, outputs[0], rtol=0, atol=1e-4 * np.abs(outputs[0]).max())


@pytest.mark.parametrize("stem", ["resnet_thin", "mobilenetv2_thin"])
def test_the_two_ways_to_pad_are_not_the_same_network(stem: str) -> None:
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)
    symmetric, tensorflow = (
        make_fixtures.run((FOLDER / f"{stem}{pads}.onnx").read_bytes(), x)
        for pads in ("", "_tf_pads")
    )
    assert np.abs(symmetric - tensorflow).max() > 1e-2 * np.abs(symmetric).max()


def test_keras_archive_holds_the_model_of_the_onnx_file() -> None:
    with zipfile.ZipFile(FOLDER / "cifar10_cnn.keras") as archive:
        config = json.loads(archive.read("config.json"))["config"]
    assert config["name"] == "cifar10_cnn"
    kinds = [layer["class_name"] for layer in config["layers"]]
    assert kinds == [
        "InputLayer",
        *("Conv2D", "MaxPooling2D") * 2,
        "Conv2D",
        "Flatten",
        "Dense",
        "Dense",
    ]


CONVERTED = [
    f"{stem}_{how}" for stem in ("resnet_thin", "mobilenetv2_thin") for how in ("right", "same")
]


@pytest.mark.parametrize("name", CONVERTED)
@pytest.mark.parametrize("ending", [".keras", "_saved_model", ".tflite"])
def test_a_converted_file_is_right_or_wrong_as_it_is_called(name: str, ending: str) -> None:
    stem, how = name.rsplit("_", 1)
    error = make_fixtures.relative_error(FOLDER / f"{stem}.onnx", FOLDER / f"{name}{ending}")
    assert error < 1e-5 if how == "right" else error > 0.2


def test_int8_rounds_but_does_not_hide_the_pads() -> None:
    source = FOLDER / "mobilenetv2_thin.onnx"
    right, same = (
        make_fixtures.relative_error(source, FOLDER / f"mobilenetv2_thin_{how}_int8.tflite")
        for how in ("right", "same")
    )
    assert right < 0.15
    assert same > 0.2


def test_each_of_three_faults_shows() -> None:
    import fixture_savers
    from fixture_converters import Faults, convert

    source = FOLDER / "three_faults.onnx"
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32), dtype=np.float32)
    outputs = [make_fixtures.run(source.read_bytes(), x).transpose(0, 2, 3, 1)]
    added = (Faults(), Faults(same=("conv_02",)), Faults(same=("conv_02",), bias_lost=("conv_03",)))
    for faults in added:  # the first has zeros around its max pool
        outputs.append(np.asarray(convert(source, faults, name="net")(x.transpose(0, 2, 3, 1))))
    for before, after in itertools.pairwise(outputs):
        assert np.linalg.norm(after - before) > 1e-3 * np.linalg.norm(before)
    written = fixture_savers.run_file(FOLDER / "three_faults.keras", x).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(written, outputs[-1])
