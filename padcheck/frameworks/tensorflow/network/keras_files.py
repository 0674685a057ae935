"""A .keras or .h5 file -> a Keras model, with nothing in it run unless it is trusted."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from padcheck.errors import ModelError, PadcheckError
from padcheck.frameworks.loading import import_framework, one_line
from padcheck.frameworks.tensorflow.network.files import H5, ModelFile
from padcheck.frameworks.tensorflow.network.keras_config import (
    TRUST,
    Known,
    check_config,
    custom_objects,
)
from padcheck.frameworks.tensorflow.network.quiet import load_keras, quietly
from padcheck.records import printable

__all__ = ["load_keras_file"]

_CONFIG, _WEIGHTS = "config.json", ("model.weights.h5", "model.weights.npz")

#: A configuration is text; larger ones are refused.
MAX_CONFIG_BYTES = 1 << 28
#: Members may expand to this many times their size, or to this many bytes.
MAX_EXPANSION, FREE_BYTES = 100, 1 << 28


def load_keras_file(file: ModelFile, *, trust: bool) -> Any:
    """The model, not compiled.

    Raises ModelError for a file that is cut short, holds no model, or would bring code along
    (a Lambda, a class that Keras does not have) without `trust`.
    """
    where = file.where
    with ThreadPoolExecutor(1) as pool:  # it inflates without the interpreter's lock
        members = None if file.format == H5 else pool.submit(_members, file)
        keras = load_keras()
    with _readable(where):
        config = _h5_config(file) if members is None else _archive_config(members.result(), where)
    del members  # which holds the weights
    known = Known(
        is_registered=lambda name: keras.saving.get_registered_object(name) is not None,
        is_layer=lambda name: hasattr(keras.layers, name) or hasattr(keras.models, name),
    )
    custom: dict[str, Any] = {}
    if trust:
        custom = dict(_imported(config, where, known))
    else:
        check_config(config, where, known)
    try:
        with quietly():
            return _loaded(keras, file, custom, trust=trust)
    except PadcheckError:
        raise
    except Exception as error:
        raise ModelError(_explained(error, trust=trust), where=where) from error


def _imported(config: Any, where: str, known: Known) -> Iterator[tuple[str, Any]]:
    """The custom objects that the configuration names, from their modules.

    Raises ModelError, with the layer, where a module cannot be imported or has no such object.
    """
    for found in custom_objects(config, where, known):
        name = found.config["config" if found.config["class_name"] == "function" else "class_name"]
        if found.module is None or not isinstance(name, str):
            continue
        try:
            made = getattr(importlib.import_module(found.module), name)
        except Exception as error:
            raise ModelError(
                f"needs {printable(f'{found.module}.{name}')[:150]}, which cannot be imported "
                f"({one_line(error)})",
                where=where,
                field=f"layer {printable(found.layer)[:100]!r}",
            ) from error
        yield from ((key, made) for key in {name, *found.names})


def _loaded(keras: Any, file: ModelFile, custom: dict[str, Any], *, trust: bool) -> Any:
    """Keras goes by the name, which may be another than .keras or .h5."""
    if file.format == H5:
        from keras.src.legacy.saving import legacy_h5_format

        safe = {"safe_mode": False} if trust else {}  # older versions have no such argument
        with _h5py().File(file.path, "r") as opened:
            return legacy_h5_format.load_model_from_hdf5(
                opened, compile=False, custom_objects=custom, **safe
            )
    from keras.src.saving import saving_lib

    with file.path.open("rb") as opened, keras.saving.custom_object_scope(custom):
        return saving_lib.load_model(opened, compile=False, safe_mode=not trust)


def _explained(error: Exception, *, trust: bool) -> str:
    """What Keras says, and `--trust` where it says so in its own words."""
    text = one_line(error)
    if not trust and "safe_mode" in str(error):
        return f"is refused by Keras's safe mode; {TRUST} ({text})"
    return f"is no model that Keras can load ({text})"


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turns what zipfile, h5py and json say of a broken file into ModelError."""
    try:
        yield
    except PadcheckError:
        raise
    except Exception as error:
        reason = one_line(error)
        raise ModelError(
            f"is cut short or no model ({reason}); save or download it again", where=where
        ) from error


def _archive_config(members: dict[str, bytes], where: str) -> Any:
    """config.json, once the weights have been looked at."""
    if _WEIGHTS[0] in members:
        _check_hdf5(io.BytesIO(members[_WEIGHTS[0]]), where)
    return json.loads(members[_CONFIG])


def _members(file: ModelFile) -> dict[str, bytes]:
    """config.json of a .keras archive, and its HDF5: to seek in an archive is slow.

    No member may leave the archive's folder, be a pickle, or expand beyond measure.
    """
    where = file.where
    with zipfile.ZipFile(file.path) as archive:
        names = archive.namelist()
        missing = _CONFIG if _CONFIG not in names else _WEIGHTS[0]
        if _CONFIG not in names or not any(name in names for name in _WEIGHTS):
            problem = f"is an archive without {missing}, so no .keras file"
            raise ModelError(f"{problem}; save the model with Keras 3", where=where)
        for info in archive.infolist():
            _check_member(info, where)
        if archive.getinfo(_CONFIG).file_size > MAX_CONFIG_BYTES:
            raise ModelError("is too large", where=where, field=_CONFIG)
        return {name: archive.read(name) for name in (_CONFIG, _WEIGHTS[0]) if name in names}


def _check_member(info: zipfile.ZipInfo, where: str) -> None:
    name = info.filename
    field = f"member {printable(name)[:100]!r}"
    parts = name.replace("\\", "/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    if parts[0] == "" or drive or ".." in parts:
        raise ModelError("leaves the archive's folder", where=where, field=field)
    if name.endswith((".pkl", ".pickle", ".joblib", ".dill")):
        raise ModelError("is a pickle, which runs code when it is read", where=where, field=field)
    limit = max(FREE_BYTES, MAX_EXPANSION * info.compress_size)
    if info.file_size > limit:
        raise ModelError(
            f"expands from {info.compress_size} to {info.file_size} bytes", where=where, field=field
        )


def _h5py() -> Any:
    return import_framework("h5py", extra="tensorflow")


def _h5_config(file: ModelFile) -> Any:
    with _h5py().File(file.path, "r") as opened:
        config = opened.attrs.get("model_config")
        if config is None:
            raise ModelError(
                "holds no model_config, so weights alone; give the file of a whole model",
                where=file.where,
            )
        _check_group(opened, file.where, _h5py())
        text = config.decode("utf-8") if isinstance(config, bytes) else str(config)
        return json.loads(text)


def _check_hdf5(member: Any, where: str) -> None:
    with _h5py().File(member, "r") as opened:
        _check_group(opened, where, _h5py())


def _check_group(group: Any, where: str, h5py: Any) -> None:
    """Raises ModelError for HDF5 that reads other files, or holds less than it claims.

    Source: HDF5 external links, external storage and virtual datasets.
    """
    for name in group:
        field = f"dataset {printable(f'{group.name}/{name}')[-100:]!r}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise ModelError("is a link to another file", where=where, field=field)
        if isinstance(link, h5py.SoftLink):
            raise ModelError("is a soft link, which Keras does not write", where=where, field=field)
        item = group[name]
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ModelError("is kept in another file", where=where, field=field)
            stored = item.id.get_storage_size()
            if item.nbytes > max(FREE_BYTES, MAX_EXPANSION * stored):
                problem = f"expands from {stored} to {item.nbytes} bytes"
                raise ModelError(problem, where=where, field=field)
        elif isinstance(item, h5py.Group):
            _check_group(item, where, h5py)
