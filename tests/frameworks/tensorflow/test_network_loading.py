"""Files and folders: each kind read alike, and what is refused, in one line."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from padcheck.errors import FrameworkError, ModelError, UsageError
from padcheck.frameworks.tensorflow.network import load_keras_model, open_network
from tests.frameworks.tensorflow.keras_nets import check, feeds, net, with_whole_weights

L = keras.layers
FIXTURES = Path(__file__).parents[3] / "fixtures"


def small():
    return net(
        (12, 12, 3),
        L.ZeroPadding2D(1, name="pad"),
        L.Conv2D(4, 3, strides=2, name="conv"),
        L.BatchNormalization(name="bn"),
        L.ReLU(name="act"),
        L.Conv2D(4, 3, groups=2, padding="same", name="grouped"),
        L.MaxPooling2D(2, name="pool"),
        L.Flatten(name="flat"),
        L.Dense(3, name="end"),
    )


def with_lambda():
    return net(
        (12, 12, 3),
        L.Conv2D(4, 3, name="conv"),
        L.Lambda(lambda x: x * 2.0, name="twice"),
        L.MaxPooling2D(2, name="pool"),
    )


def save(model, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's own
        if path.suffix:
            model.save(path)
        else:
            model.export(path, verbose=False)
    return path


def refused(model, *words, error=ModelError, **keywords):
    with pytest.raises(error) as info:
        open_network(model, **keywords)
    text = str(info.value)
    assert "\n" not in text
    for word in words:
        assert word in text, text
    if isinstance(model, Path) and error is ModelError:
        assert text.startswith(f"{model}: ")
    return text


# ---- what is read ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model():
    return small()


@pytest.mark.parametrize(
    ("name", "kind"), [("m.keras", "keras"), ("m.h5", "h5"), ("exported", "savedmodel")]
)
def test_every_format_is_read_alike(folder, model, name, kind):
    path = save(model, folder / name)
    network, direct = open_network(path), open_network(model)
    assert (network.ref.path, network.ref.format) == (str(path), kind)
    content = path / "saved_model.pb" if kind == "savedmodel" else path
    assert network.ref.sha256 == hashlib.sha256(content.read_bytes()).hexdigest()
    assert [site.name for site in network.sites] == ["conv", "grouped", "pool"]
    assert [site.spec for site in network.sites] == [site.spec for site in direct.sites]
    check(network, exact=False)
    fed = feeds(direct)
    x = next(iter(fed.values()))
    observed = network.run({network.inputs[0].name: x})[network.outputs[0].name]
    np.testing.assert_allclose(observed, direct.run(fed)["end"], rtol=1e-6)
    assert network.versions()["tensorflow"] == tf.__version__


def test_in_memory(model):
    network = open_network(model)
    assert (network.ref.path, network.ref.format, network.ref.sha256) == (None, "keras", None)
    assert network.versions() == {"tensorflow": tf.__version__, "keras": keras.__version__}


def test_the_fixture():
    network = open_network(FIXTURES / "cifar10_cnn.keras")
    assert [site.name for site in network.sites] == [
        "conv_1",
        "pool_1",
        "conv_2",
        "pool_2",
        "conv_3",
    ]
    check(network, exact=False)


def test_kinds_are_told_by_their_content(folder, model):
    path = shutil.copy(save(model, folder / "a.keras"), folder / "a.model")
    assert open_network(Path(path)).ref.format == "keras"


def test_a_module_of_tensorflow_alone(tmp_path):
    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.ones((3, 3, 2, 4)), name="stem/kernel")

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 2), tf.float32, "image")])
        def serve(self, image):
            return {"y": tf.nn.relu(tf.nn.conv2d(image, self.kernel, 2, "SAME"))}

    module = Module()
    tf.saved_model.save(module, tmp_path / "m", signatures=module.serve)
    network = open_network(tmp_path / "m")
    assert [one.name for one in network.inputs] == ["image"]
    assert [one.name for one in network.outputs] == ["y"]
    check(network.at({"image": (1, 9, 8, 2)}))


def test_layers_that_loop(tmp_path):
    """The body of a loop reads variables."""
    model = net(
        (6, 8, 3),
        L.Conv2D(4, 3, padding="same", name="conv"),
        L.TimeDistributed(L.Flatten()),
        L.LSTM(5),
    )
    network = open_network(save(model, tmp_path / "m.keras"))
    check(network)
    x = np.ones((1, 6, 8, 3), np.float32)
    np.testing.assert_allclose(
        next(iter(network.run({"image": x}).values())), np.asarray(model(x)), rtol=1e-5
    )


def test_an_embedding(tmp_path):
    model = net((12,), L.Embedding(50, 4), L.Conv1D(3, 3, padding="causal", name="conv"))
    network = open_network(save(model, tmp_path / "m.keras"))
    check(network)


def test_keras_model_of_a_file(folder, model):
    path = save(model, folder / "b.keras")
    assert load_keras_model(path).get_layer("conv").strides == (2, 2)
    exported = save(model, folder / "b")
    with pytest.raises(ModelError, match="is a SavedModel, which holds no Keras model"):
        load_keras_model(exported)


# ---- shapes ---------------------------------------------------------------------------------


def test_shapes_that_the_model_has_no_use_for(model):
    for shapes, words in [
        ({"imag": (1, 12, 12, 3)}, "expected an input of the model (image) but got 'imag'"),
        ({"image": (1, 13, 12, 3)}, "expected sizes as the model has, (?, 12, 12, 3), but got"),
        ({"image": (12, 12, 3)}, "but got input_shapes['image']=(12, 12, 3)"),
        ({"image": (0, 12, 12, 3)}, "input_shapes['image']=0"),
        ({"image": "big"}, "expected"),
    ]:
        refused(model, words, error=UsageError, input_shapes=shapes)


def test_a_model_that_was_never_built():
    model = keras.Sequential([L.Conv2D(2, 3)])
    refused(model, "model in memory: does not tell what it takes")
    network = open_network(model, input_shapes={"x": (1, 8, 8, 3)})
    assert network.sites[0].spec.input_size == (8, 8)


# ---- code -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_needs_trust(tmp_path, name):
    path = save(with_lambda(), tmp_path / name)
    refused(path, "layer 'twice'", "is a Lambda, which holds code", "--trust")
    network = open_network(path, trust=True)
    assert [site.name for site in network.sites] == ["conv", "pool"]
    check(network)


def test_a_lambda_within_a_model(tmp_path):
    inner = keras.Sequential([keras.Input((8, 8, 2)), L.Lambda(lambda x: x, name="deep")])
    path = save(net((8, 8, 2), inner), tmp_path / "m.keras")
    refused(path, "layer 'deep'", "--trust")


class Custom(L.Layer):
    def call(self, x):
        return x + 1.0


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_custom_layer_needs_trust(tmp_path, name):
    path = save(net((8, 8, 2), L.Conv2D(2, 3), Custom(name="mine")), tmp_path / name)
    text = refused(path, "layer 'mine'", "needs the custom class Custom")
    if name == "m.h5":  # which does not say where the class is
        assert "save the model as .keras" in text
        refused(path, "Custom", trust=True)
    else:
        assert "--trust" in text
        assert len(open_network(path, trust=True).sites) == 1


def test_a_custom_layer_of_a_module_that_is_not_here(tmp_path):
    path = save(net((8, 8, 2), L.Conv2D(2, 3), Custom(name="mine")), tmp_path / "m.keras")

    def moved(config):
        config["config"]["layers"][-1]["module"] = "no_such_module"
        return config

    path = rewritten(path, tmp_path / "n.keras", moved)
    refused(path, "layer 'mine'", "no_such_module.Custom, which cannot be imported", trust=True)


def test_a_layer_that_the_process_knows(tmp_path):
    @keras.saving.register_keras_serializable(package="padcheck_tests")
    class Known(Custom):
        pass

    path = save(net((8, 8, 2), L.Conv2D(2, 3), Known()), tmp_path / "m.keras")
    assert len(open_network(path).sites) == 1


@pytest.mark.parametrize(
    "found",
    [
        {"module": "os", "class_name": "function", "config": "system"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"module": "keras.src.utils", "class_name": "get_file", "config": {}},
        {"module": "builtins", "class_name": "exec", "config": {}},
        {"class_name": "__lambda__", "config": {"value": ["", None, None]}},
    ],
)
def test_objects_that_no_model_is_made_of(tmp_path, found):
    path = save(small(), tmp_path / "m.keras")
    changed = rewritten(path, tmp_path / "n.keras", lambda config: with_activation(config, found))
    refused(changed, "layer 'conv'", "--trust")


def with_activation(config, found):
    layer = next(one for one in config["config"]["layers"] if one["name"] == "conv")
    layer["config"]["activation"] = found
    return config


def rewritten(path, to, change=lambda config: config, *, more=(), without=()):
    """The archive with another configuration, more members, or some left out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(change(json.loads(content))).encode()
            if name not in without:
                new.writestr(name, content)
        for name, content in more:
            new.writestr(name, content)
    return to


def module_with(function, shape=(None, 4, 4, 2)):
    module = tf.Module()
    module.serve = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32, "x")])
    return module


@pytest.mark.parametrize(
    ("op", "function"),
    [
        (
            "ReadFile",
            lambda x: x + tf.cast(tf.strings.length(tf.io.read_file("/none")), tf.float32),
        ),
        ("EagerPyFunc", lambda x: tf.reshape(tf.py_function(abs, [x], tf.float32), (1, 4, 4, 2))),
        ("WriteFile", lambda x: [tf.io.write_file("written", "!"), x + 1.0][1]),
    ],
)
def test_ops_that_reach_out_need_trust(tmp_path, op, function):
    module = module_with(function)
    tf.saved_model.save(module, tmp_path / "m", signatures=module.serve)
    refused(tmp_path / "m", "node ", f"its op {op} reaches out of the model", "--trust")
    assert open_network(tmp_path / "m", trust=True).sites == ()
    assert not Path("written").exists()


# ---- broken and hostile files ---------------------------------------------------------------


def test_what_is_not_there(tmp_path):
    refused(tmp_path / "none.keras", "no such file")
    refused(tmp_path, "is a folder without saved_model.pb")
    refused(b"PK", "expected a path or a keras.Model but got 2 bytes")
    refused(L.Dense(2), "expected a path or a keras.Model but got model (type=Dense)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, world", "is neither a .keras archive nor HDF5"),
        (b"PK\x03\x04 and so on", "is cut short or no model"),
        (b"\x89HDF\r\n\x1a\n and so on", "is cut short or no model"),
    ],
)
def test_other_content(tmp_path, content, words):
    path = tmp_path / "m.keras"
    path.write_bytes(content)
    refused(path, words)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_cut_short(folder, model, tmp_path, name, share):
    content = save(model, folder / f"cut_{name}").read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(len(content) * share)])
    refused(path)


def test_archives_that_are_no_models(tmp_path):
    path = save(small(), tmp_path / "m.keras")
    other = tmp_path / "n.keras"
    refused(rewritten(path, other, without=("config.json",)), "without config.json")
    refused(rewritten(path, other, without=("model.weights.h5",)), "without model.weights.h5")
    refused(
        rewritten(path, other, more=[("assets/../../x", b"")]),
        "member 'assets/../../x'",
        "leaves the archive's folder",
    )
    refused(rewritten(path, other, more=[("assets/x.pkl", b"")]), "is a pickle")
    refused(rewritten(path, other, lambda _: {"class_name": "Functional", "config": {}}), "config")
    refused(rewritten(path, other, lambda _: [1, 2]))


def test_archives_that_expand(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w") as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
    refused(path, "member 'model.weights.h5'", "expands from")


def test_weights_alone(tmp_path):
    path = save(small(), tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    refused(path, "holds no model_config, so weights alone")


def test_hdf5_that_reads_other_files(tmp_path):
    path = save(small(), tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        file["model_weights/conv/extra"] = h5py.ExternalLink("/etc/passwd", "/x")
    refused(path, "model_weights/conv/extra", "is a link to another file")


def test_hdf5_that_holds_less_than_it_claims(tmp_path):
    path = save(small(), tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("huge", (1 << 40,), "f4", chunks=(1024,))
    refused(path, "dataset", "huge", "expands from 0 to")


# ---- SavedModels ----------------------------------------------------------------------------


def test_no_serving_signature(tmp_path):
    module = module_with(lambda x: x + 1.0)
    tf.saved_model.save(module, tmp_path / "m", signatures={"score": module.serve})
    refused(tmp_path / "m", "signatures", "has no signature serving_default, only score")
    tf.saved_model.save(tf.Module(), tmp_path / "n")
    refused(tmp_path / "n", "has no signature serving_default, only none")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_broken_saved_models(folder, model, tmp_path, share):
    path = Path(shutil.copytree(save(model, folder / "whole"), tmp_path / "m"))
    content = (path / "saved_model.pb").read_bytes()
    (path / "saved_model.pb").write_bytes(content[: int(len(content) * share)])
    refused(path, "saved_model.pb")


def test_missing_variables(folder, model, tmp_path):
    path = Path(shutil.copytree(save(model, folder / "full"), tmp_path / "m"))
    shutil.rmtree(path / "variables")
    refused(path, "is no SavedModel that TensorFlow can load")


def test_tensors_that_would_need_terabytes(tmp_path):
    module = module_with(lambda x: x + tf.fill(tf.constant([1 << 40, 4, 4, 2], tf.int64), 1.0))
    tf.saved_model.save(module, tmp_path / "m", signatures=module.serve)
    refused(tmp_path / "m", "makes a tensor of 35184372088832 numbers")


def test_a_table_is_no_constant(tmp_path):
    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            pairs = tf.lookup.KeyValueTensorInitializer([0, 1], [1.0, 2.0], tf.int64, tf.float32)
            self.table = tf.lookup.StaticHashTable(pairs, 0.0)

        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.int64, "x")])
        def serve(self, x):
            return self.table.lookup(x)

    module = Module()
    tf.saved_model.save(module, tmp_path / "m", signatures=module.serve)
    refused(tmp_path / "m", "holds a table or a variable that cannot be made a constant")


# ---- manners --------------------------------------------------------------------------------


def run_alone(code, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0", **environment},
        cwd=Path(__file__).parents[3],
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_nothing_is_printed(folder, model):
    paths = [str(save(model, folder / name)) for name in ("quiet.keras", "quiet.h5", "quiet")]
    code = (
        "import os\n"
        "from padcheck.frameworks.tensorflow.network import open_network\n"
        "before = dict(os.environ)\n"
        f"assert [len(open_network(path).sites) for path in {paths!r}] == [3, 3, 3]\n"
        "assert before == dict(os.environ)\n"
    )
    assert run_alone(code) == (0, "", "")


def test_another_backend_is_refused():
    code = (
        "import keras\n"
        "from padcheck.frameworks.tensorflow.network import open_network\n"
        "try:\n"
        "    open_network(keras.Sequential())\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "torch"},
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.stdout.startswith(FrameworkError.__name__)
    assert "works on torch in this process" in done.stdout


def test_whole_weights_are_shared_with_the_variables():
    """A large weight is not copied."""
    model = with_whole_weights(net((8, 8, 64), L.Conv2D(64, 3, use_bias=False), whole=False))
    network = open_network(model)
    (array,) = network._frozen.weights.values()
    assert not array.flags.owndata
    np.testing.assert_array_equal(array, np.asarray(model.layers[-1].kernel))
