"""The registry lists frameworks without loading any, and says what is missing."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from padcheck import frameworks
from padcheck.errors import FrameworkError, MissingFramework, UsageError
from padcheck.frameworks import (
    LOWERINGS,
    Framework,
    Package,
    dialect,
    framework,
    names,
    reader,
    require,
    runner,
    status,
)

HEAVY = ("ai_edge_litert", "torch", "tensorflow", "keras", "onnx", "onnxruntime", "jax", "numpy")


def _loaded_by(code: str) -> set[str]:
    """Which heavy modules a fresh interpreter has loaded after `code`."""
    asked = f"import sys; {code}; print([m for m in {HEAVY!r} if m in sys.modules])"
    path = f"import sys; sys.path[:] = {[str(entry) for entry in sys.path]!r}; "
    done = subprocess.run(
        [sys.executable, "-c", path + asked], capture_output=True, text=True, check=True
    )
    return set(eval(done.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "import padcheck.frameworks",
        "from padcheck.frameworks import status; status()",
        "from padcheck.frameworks import LOWERINGS, dialect; [dialect(name) for name in LOWERINGS]",
        "from padcheck.frameworks import dialect; "
        "dialect('tf_same', framework_name='tensorflow'); dialect('onnxruntime')",
        "import padcheck.frameworks.worker",
    ],
)
def test_loads_no_framework_and_no_numpy(code: str) -> None:
    assert _loaded_by(code) == set()


def test_a_dialect_lowers_without_loading() -> None:
    code = (
        "from padcheck.frameworks import LOWERINGS, dialect; "
        "from padcheck.geometry import explicit; from padcheck.records import OpKind, OpSpec; "
        "spec = OpSpec(kind=OpKind.CONV, input_size=(8,), kernel_size=(3,), stride=(2,), "
        "dilation=(1,), pads=(explicit(1, 1),)); "
        "[dialect(name).lower(spec, name) for name in LOWERINGS]"
    )
    assert _loaded_by(code) == set()


def test_names() -> None:
    assert names()[:4] == ("torch", "keras", "tensorflow", "onnx")


def test_every_lowering_has_a_dialect_that_knows_it() -> None:
    for lowering, owner in LOWERINGS.items():
        assert lowering in framework(owner).lowerings
        assert lowering in dialect(lowering).lowerings


def test_an_unknown_framework_lists_the_known() -> None:
    message = "expected a framework of torch, keras, tensorflow, onnx.* but got 'caffe'"
    with pytest.raises(UsageError, match=message):
        runner("caffe")


def test_an_unknown_lowering_lists_the_known() -> None:
    known = "torch, tf_same, tf_zeropad_valid, .*, onnxruntime, .*, keras_torch_zeropad_valid.*"
    with pytest.raises(UsageError, match=f"expected a lowering of {known} but got 'same'"):
        dialect("same")


def test_every_lowering_of_a_framework_is_listed() -> None:
    listed = {lowering for name in names() for lowering in framework(name).lowerings}
    assert listed == set(LOWERINGS)


def test_a_lowering_of_another_framework_is_refused() -> None:
    message = "expected a lowering of torch but got 'tf_same'"
    with pytest.raises(UsageError, match=message):
        dialect("tf_same", framework_name="torch")


def test_onnx_has_a_reader() -> None:
    assert callable(reader("onnx").read)


def test_a_part_that_a_framework_lacks() -> None:
    with pytest.raises(UsageError, match="keras: has no reader"):
        reader("keras")


def test_status_has_versions_and_hints() -> None:
    entries = {entry.name: entry for entry in status()}
    onnx = dict(entries["onnx"].packages)
    assert onnx["onnx"] == importlib.metadata.version("onnx")
    assert entries["torch"].hint == "pip install 'padcheck[torch]'"
    assert entries["keras"].hint == "pip install 'padcheck[tensorflow]'"


@pytest.fixture
def ghost(monkeypatch: pytest.MonkeyPatch) -> Framework:
    """A framework in the registry whose package is not installed."""
    entry = Framework(
        name="ghost",
        lowerings=("ghost",),
        packages=(Package("padcheck_no_such_module", ("padcheck-no-such-distribution",)),),
        extra="ghost",
        runner="padcheck_no_such_module:Runner",
    )
    monkeypatch.setattr(frameworks, "BUILT_IN", (*frameworks.BUILT_IN, entry))
    return entry


def test_a_missing_framework_says_how_to_get_it(ghost: Framework) -> None:
    line = r"^padcheck_no_such_module: not installed \(pip install 'padcheck\[ghost\]'\)$"
    with pytest.raises(MissingFramework, match=line):
        require("ghost")
    with pytest.raises(MissingFramework, match=line):
        runner("ghost")
    missing = status()[len(frameworks.BUILT_IN) - 1]
    assert missing.packages == (("padcheck_no_such_module", None),)
    assert not missing.installed


def test_a_folder_of_that_name_is_not_an_installation(
    ghost: Framework, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "padcheck_no_such_module").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingFramework, match="not installed"):
        require("ghost")


def test_a_broken_installation_is_a_reason(
    ghost: Framework, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "padcheck_no_such_module.py").write_text("raise OSError('libfoo.so: not found')")
    monkeypatch.syspath_prepend(str(tmp_path))
    require("ghost")
    with pytest.raises(FrameworkError, match=r"ghost: cannot load .*OSError: libfoo.so: not found"):
        runner("ghost")


OTHER = Framework(
    name="other",
    lowerings=("other_same",),
    packages=(Package("click", ("click",)),),
    extra="other",
    dialect="padcheck.frameworks.torch.dialect:DIALECT",
)


def test_entry_points_add_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        frameworks, "_entry_points", lambda: {"other": "tests.frameworks.test_registry:OTHER"}
    )
    assert names()[-1] == "other"
    assert framework("other") == OTHER
    assert dialect("other_same").lowerings == ("torch",)
    assert status()[-1].packages == (("click", importlib.metadata.version("click")),)


def test_an_entry_point_that_cannot_be_loaded_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"other": "padcheck_no_such_module:X"}
    monkeypatch.setattr(frameworks, "_entry_points", lambda: broken)
    last = status()[-1]
    assert last.packages == (("other", None),)
    assert "cannot load padcheck_no_such_module:X (ModuleNotFoundError" in last.hint
