"""A PostgreSQL of the tests' own: Debian's, in a temporary folder, heard on a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
# What a test wrote need not survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
PATIENCE_S = 60
USER = "blindmix"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest; None where there is none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path.parent for path in DEBIAN.glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Run a server; gives the URL of its databases, to which a name is to be added."""
    folder = Path(tempfile.mkdtemp(prefix="blindmix-pg-"))
    owner = _owner()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    try:
        _run(
            [bin_folder / "initdb", "-D", data, "-U", USER, "--auth=trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            folder, owner,
        ).communicate(timeout=PATIENCE_S)  # fmt: skip
        settings = {"listen_addresses": "", "unix_socket_directories": folder,
                    "max_connections": 300, **FAST}  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = _run([bin_folder / "postgres", "-D", data, *options], folder, owner)
        try:
            _wait(process, folder)
            yield f"postgresql://{USER}@/?host={folder}"
        finally:
            process.send_signal(signal.SIGINT)  # ends the sessions and stops
            process.wait(timeout=PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """An empty database, dropped afterwards; gives its URL as Blindmix takes it."""
    with psycopg.connect(_named(server_url, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield _named(server_url, name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _named(server_url: str, name: str) -> str:
    return server_url.replace("@/", f"@/{name}")


def _owner() -> pwd.struct_passwd | None:
    """Whose the server is: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _run(
    command: Sequence[str | Path], folder: Path, owner: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            extra_groups=[] if owner else None,
        )


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            psycopg.connect(f"postgresql://{USER}@/postgres?host={folder}").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start: {(folder / 'log').read_text()}")
