"""`make dev`: every process on one machine, begun and ended together."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest

from tests.architecture.test_files import ROOT
from tests.e2e.terminal import manage
from tests.e2e.workers import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def status_of(address: str) -> int:
    try:
        return int(urlopen(address, timeout=5).status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_starts_web_workers_beat_and_a_broker_and_ends_them_all(tmp_path: Path) -> None:
    web, broker = free_port(), free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "platform_site.settings.base",
        "ASSAY_PATHS__VAR": str(tmp_path),
        "ASSAY_WEB__PORT": str(web),
        "ASSAY_BROKER__PORT": str(broker),
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    manage("migrate", "-v", "0", **environment)

    with subprocess.Popen(
        [sys.executable, "-m", "platform_site.development"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as development:
        await_that(lambda: status_of(f"http://127.0.0.1:{web}/api/v1/") == 401)
        family = psutil.Process(development.pid).children(recursive=True)
        lines = [" ".join(process.cmdline()) for process in family]
        development.send_signal(signal.SIGINT)
        development.wait(60)

    assert development.returncode == 0
    for words in ("valkey-server", "gunicorn", "-Q compute", "-Q critical,io", " beat"):
        assert any(words in line for line in lines), words
    assert [process for process in family if process.is_running()] == []
    assert (tmp_path / "broker" / "appendonlydir").is_dir()
