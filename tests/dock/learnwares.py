"""Tiny learnwares for tests: a numpy model each, made in milliseconds, submitted and published by the services."""

from __future__ import annotations

import json
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from beimingwu.db.models import User, Version
from beimingwu.services.blobs import keep_blob
from beimingwu.services.identity import SCOPES, Identity, Role
from beimingwu.services.learnware_ids import parse_id
from beimingwu.services.publishing import publish, reject
from learnware.learnware import write_package
from learnware.specification import RKMETableSpecification, generate_semantic_spec
from learnware.specification.encoding import text_encoder

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL = '''\
"""{name}"""

import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=({n_features},), output_shape=(1,))

    def predict(self, X):
        return (np.asarray(X).mean(axis=1) > {centre}).astype(int)
'''
MANIFEST = """\
model: {class_name: Model}
stat_specifications:
- {class_name: RKMETableSpecification, file_name: stat.json}
"""


def semantic(*, name: str = "iris of the north", n_features: int = 3, **changes: Any) -> dict[str, Any]:
    """Return the semantic specification of `package`; `changes` are arguments of `generate_semantic_spec`."""
    values: dict[str, Any] = {
        "name": name,
        "description": f"Tells two kinds of things apart: {name}.",
        "data_type": "Table",
        "task_type": "Classification",
        "library_type": "Others",
        "scenarios": ["Education"],
        "license": "MIT",
        "input_description": {"Dimension": n_features, "Description": {"0": "length"}},
        "output_description": {"Dimension": 2, "Description": {"0": "small", "1": "large"}},
    }
    return generate_semantic_spec(**{**values, **changes})


def files(
    *, name: str = "iris of the north", n_features: int = 3, centre: float = 0.0, seed: int = 0
) -> dict[str, bytes]:
    """Return the files of a package; other names, centres and seeds make other content."""
    z = np.random.default_rng(seed).normal(centre, 1.0, size=(5, n_features))
    states = {"z": z.tolist(), "beta": [0.2] * 5, "gamma": 0.1, "num_points": 100}
    return {
        "__init__.py": MODEL.format(name=name, n_features=n_features, centre=centre).encode(),
        "learnware.yaml": MANIFEST.encode(),
        "requirements.txt": b"numpy\n",
        "semantic_specification.json": json.dumps(semantic(name=name, n_features=n_features)).encode(),
        "stat.json": RKMETableSpecification.from_states(states).to_json().encode(),
    }


def package(folder: Path, **values: Any) -> Path:
    """Write a package, see `files`, and return the zip."""
    return write_package(files(**values), folder / f"{uuid.uuid4().hex}.zip")


def identity_of(rig: Any, owner: str = "ada", **more: Any) -> Identity:
    """Return somebody who is logged in; the account is made if there is none."""
    with rig.dock.database.read() as session:
        user = session.scalar(select(User).where(User.username == owner))
    user_id, role = (rig.user(owner, **more), more.get("role", Role.USER)) if user is None else (user.id, user.role)
    return Identity(user_id, owner, f"{owner}@example.org", Role(role), frozenset({*SCOPES, "account"}), None, None)


def store(rig: Any, path: Path) -> Any:
    """Put a zip into the store, as an upload that is complete does."""
    return keep_blob(rig.dock.database, rig.dock.store, rig.dock.clock, path)


def submit_learnware(rig: Any, owner: str = "ada", *, name: str = "iris of the north", **values: Any) -> str:
    """Submit a learnware, which waits then; return its id."""
    with tempfile.TemporaryDirectory() as folder:
        blob = store(rig, package(Path(folder), name=name, **values))
    spec = semantic(name=name, n_features=values.get("n_features", 3))
    return rig.dock.submissions.submit(identity_of(rig, owner), blob, spec, rig.origin()).learnware_id


def publish_learnware(rig: Any, owner: str = "ada", **values: Any) -> str:
    """Submit a learnware and accept it, as a worker does; return its id."""
    learnware_id = submit_learnware(rig, owner, **values)
    decide(rig, learnware_id)
    return learnware_id


def decide(rig: Any, learnware_id: str, number: int = 1, *, accepted: bool = True) -> None:
    """Accept or refuse a version, as a worker does."""
    with rig.dock.database.write() as session:
        wanted = (Version.learnware_id == parse_id(learnware_id)) & (Version.number == number)
        version = session.scalars(select(Version).where(wanted)).one()
        (publish if accepted else reject)(session, version, rig.clock())


TEXT_MODEL = '''\
"""{name}"""

import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=None, output_shape=(1,))

    def predict(self, X):
        assert isinstance(X, list) and all(isinstance(one, str) for one in X)
        return np.array([len(one) % 2 for one in X])
'''
IMAGE_MODEL = '''\
"""{name}"""

import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=({channels}, 8, 8), output_shape=(1,))

    def predict(self, X):
        X = np.asarray(X)
        assert X.shape[1:] == ({channels}, 8, 8)
        return (X.mean(axis=(1, 2, 3)) > 100).astype(int)
'''


def files_of(kind: str, specs: Sequence[dict[str, Any]], *, name: str, channels: int = 1) -> dict[str, bytes]:
    """Return the files of a package for texts or images of so many channels, with specifications of these states."""
    model = {"Text": TEXT_MODEL, "Image": IMAGE_MODEL}[kind]
    named = {f"stat_{number}.json": states for number, states in enumerate(specs)}
    manifest = ["model: {class_name: Model}", "stat_specifications:"]
    manifest += [f"- {{class_name: {states['type']}, file_name: {file}}}" for file, states in named.items()]
    return {
        "__init__.py": model.format(name=name, channels=channels).encode(),
        "learnware.yaml": "\n".join(manifest).encode(),
        "requirements.txt": b"numpy\n",
        "semantic_specification.json": json.dumps(semantic(name=name, data_type=kind)).encode(),
        **{file: json.dumps(states).encode() for file, states in named.items()},
    }


def text_states(*, seed: int = 0, encoder: str = "hashing", width: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a specification of texts; nearer seeds are no nearer."""
    width = text_encoder("hashing").dimension if width is None else width
    z = np.random.default_rng(seed).normal(size=(4, width))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    states = {"z": z.tolist(), "beta": [0.25] * 4, "gamma": 0.1, "num_points": 100, "type": "RKMETextSpecification"}
    return {**states, "language": ["en"], "encoder": encoder, **changes}


def image_states(*, seed: int = 0, channels: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a specification of images, as the published package writes it."""
    z = np.random.default_rng(seed).normal(size=(3, channels, 32, 32)).round(3)
    states: dict[str, Any] = {"RKME_IMAGE_VERSION": 1, "msg": None, "z": z.tolist(), "beta": [0.5, 0.25, 0.25]}
    config = {"k": 2, "mu": 0, "sigma": None, "net_width": 128, "net_depth": 3}
    return {**states, "n_models": 16, "model_config": config, "type": "RKMEImageSpecification", **changes}


def submit_files(rig: Any, made: dict[str, bytes], owner: str = "ada", *, spec: dict[str, Any] | None = None) -> str:
    """Submit a learnware of these files with the semantic specification among them; return its id."""
    spec = json.loads(made["semantic_specification.json"]) if spec is None else spec
    with tempfile.TemporaryDirectory() as folder:
        blob = store(rig, write_package(made, Path(folder) / f"{uuid.uuid4().hex}.zip"))
    return rig.dock.submissions.submit(identity_of(rig, owner), blob, spec, rig.origin()).learnware_id
