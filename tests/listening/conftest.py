"""A study with real sound files, an application on a fresh instance, and a client."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import soundfile
import yaml
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app import create_app
from listening import accounts
from listening.db import Database
from listening.login import limiter
from listening.models import Researcher
from listening.studies import make_study, store_study
from listening.study_file import read_study_file
from stimuli.manifest import Manifest, Stimulus, write_manifest
from tests import postgresql
from tests.at_the_desk import PASSWORD, log_in

RATE_HZ = 44_100
PASSAGES = ("ballad", "march", "waltz")
SYSTEMS = (
    ("target", "reference"),
    ("target_open", "open_reference"),
    ("mono", "system"),
    ("random", "system"),
    ("anchor35", "anchor"),
)


@pytest.fixture(scope="session")
def stimuli_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three passages of five stimuli as short WAV files, with their manifest."""
    folder = tmp_path_factory.mktemp("stimuli")
    rng = np.random.default_rng(1)
    stimuli = []
    for passage in PASSAGES:
        for system, role in SYSTEMS:
            path = folder / passage / f"{system}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, rng.uniform(-0.1, 0.1, (4410, 2)), RATE_HZ, subtype="PCM_16")
            stimuli.append(
                Stimulus(
                    id=f"{passage}/{system}",
                    song=f"song of {passage}",
                    passage=passage,
                    system=system,
                    role=role,
                    path=f"{passage}/{system}.wav",
                    sha256=sha256(path.read_bytes()).hexdigest(),
                    sample_rate_hz=RATE_HZ,
                    start_s=0.0,
                    duration_s=0.1,
                    loudness_lufs=-23.0,
                    gain_db=0.0,
                )
            )
    write_manifest(Manifest("three", 1, "test", "2026-01-01T00:00:00Z", tuple(stimuli)), folder)
    return folder


@pytest.fixture
def write_study(tmp_path: Path, stimuli_folder: Path) -> Callable[..., Path]:
    """Write a study file; keyword arguments replace its keys."""

    def write(**changes: Any) -> Path:
        content = {
            "title": "A test study",
            "slug": "test",
            "seed": 7,
            "manifest": str(stimuli_folder),
            "interface": "mushra",
            **changes,
        }
        path = tmp_path / f"{content['slug']}.yaml"
        # JSON first: parts that occur twice would become aliases, which study files may not have.
        plain = json.loads(json.dumps(content))
        path.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL that was started for these tests."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with postgresql.server(programs) as url:
        yield url


@pytest.fixture
def database_kind() -> str:
    """On what these tests run: sqlite, or what `make test-postgresql` says."""
    return os.environ.get("BLINDMIX_TEST_DATABASE", "sqlite")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and nothing in them: to copy is faster than to migrate."""
    path = tmp_path_factory.mktemp("empty") / "blindmix.sqlite"
    database = Database(f"sqlite:///{path}")
    database.ensure_schema()
    database.engine.dispose()
    return path


@pytest.fixture
def database_url(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """An empty database of the test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "instance" / "blindmix.sqlite"
        path.parent.mkdir()
        copyfile(request.getfixturevalue("empty_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    with postgresql.fresh_database(server, f"test_{uuid4().hex}") as url:
        yield url


@pytest.fixture
def blank_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without a single table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.sqlite'}"
        return
    server = request.getfixturevalue("postgresql_server")
    with postgresql.fresh_database(server, f"blank_{uuid4().hex}") as url:
        yield url


@pytest.fixture
def open_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Open the database once more, as another process would."""
    opened: list[Database] = []

    def again() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield again
    for database in opened:
        database.engine.dispose()


@pytest.fixture
def sqlite_only(database_kind: str) -> None:
    """What the test is about is SQLite's alone."""
    if database_kind != "sqlite":
        pytest.skip("about SQLite's own ways")


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    made = create_app(
        {"INSTANCE_PATH": tmp_path / "instance", "DATABASE_URL": database_url, "TESTING": True}
    )
    yield made
    engine = made.extensions["blindmix_database"].engine
    patience = time.monotonic() + 10
    # A browser's last words may still be on their way in.
    while engine.pool.checkedout() and time.monotonic() < patience:
        time.sleep(0.02)
    engine.dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    found = app.extensions["blindmix_database"]
    assert isinstance(found, Database)
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def add_study(
    app: Flask, database: Database, write_study: Callable[..., Path]
) -> Callable[..., str]:
    """Create a study; keyword arguments replace keys of its file. Returns its slug."""

    def add(status: str = "open", **changes: Any) -> str:
        source = read_study_file(write_study(**changes))
        made = make_study(source, Path(app.config["STIMULI_PATH"]), status)
        with database.write() as session:
            store_study(session, made)
        return made.slug

    return add


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two passages of two seconds: quiet noise that differs from system to system."""
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(3)
    stimuli = []
    for passage in ("one", "two"):
        for system, role in SYSTEMS[:4]:
            path = folder / passage / f"{system}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(
                path, rng.uniform(-0.1, 0.1, (2 * RATE_HZ, 2)), RATE_HZ, subtype="PCM_16"
            )
            digest = sha256(path.read_bytes()).hexdigest()
            stimuli.append(
                Stimulus(
                    id=f"{passage}/{system}", song=passage, passage=passage, system=system,
                    role=role, path=f"{passage}/{system}.wav", sha256=digest,
                    sample_rate_hz=RATE_HZ, start_s=0.0, duration_s=2.0,
                    loudness_lufs=-23.0, gain_db=0.0,
                )
            )  # fmt: skip
    write_manifest(Manifest("two", 1, "test", "2026-01-01T00:00:00Z", tuple(stimuli)), folder)
    return folder


@pytest.fixture(scope="session")
def webmushra_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of webMUSHRA with short noises in the place of its sounds."""
    folder = tmp_path_factory.mktemp("webmushra")
    audio = folder / "configs" / "resources" / "audio"
    audio.mkdir(parents=True)
    rng = np.random.default_rng(5)
    for name in ("ref", "c1", "c2", "c3"):
        path = audio / f"mono_{name}.wav"
        soundfile.write(path, rng.uniform(-0.3, 0.3, RATE_HZ // 4), RATE_HZ, subtype="PCM_16")
    return folder


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Hashing is slow by design, so it is done once."""
    someone = Researcher(name="", role="owner")
    accounts.set_password(someone, PASSWORD)
    return someone.password_hash


@pytest.fixture
def desk(
    app: Flask, database: Database, add_study: Callable[..., str], password_hash: str
) -> FlaskClient:
    """A client of an owner, on an instance with a study and a viewer."""
    add_study()
    limiter.reset()
    with database.write() as session:
        session.add(Researcher(name="ada", role="owner", password_hash=password_hash))
        session.add(Researcher(name="vera", role="viewer", password_hash=password_hash))
    client = app.test_client()
    assert log_in(client, "ada").status_code == 303
    return client
