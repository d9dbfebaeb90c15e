"""Housekeeping runs in a real worker, told through a real broker."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platform_site.celery import app
from tests.architecture.test_files import ROOT
from tests.e2e.terminal import run


@pytest.fixture
def worker(installation: Path) -> Iterator[None]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "platform_site.settings.base",
        "ASSAY_PATHS__VAR": str(installation),
        "DATABASE_URL": "",
    }
    words = ["-m", "celery", "-A", "platform_site.celery", "worker", "--pool", "solo"]
    with subprocess.Popen(
        [sys.executable, *words, "--without-gossip", "--without-mingle"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield
        process.terminate()


def wait_until(condition: Callable[[], bool], seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.slow
def test_files_that_no_manifest_names_are_removed_after_a_day(
    worker: None, installation: Path, sample_data: Path
) -> None:
    run(
        "import_bars", sample_data / "binanceusdm_XRP_USDT_1h.feather",
        "--instrument", "XRP/USDT.BINANCE", "--timeframe", "1h",
    )  # fmt: skip
    (kept,) = (installation / "market_data").rglob("*.parquet")
    left_over, fresh = (kept.with_name(f"2020-0{n}.{'0' * 16}.parquet") for n in (1, 2))
    for path in (left_over, fresh):
        path.write_bytes(b"")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left_over, (two_days_ago, two_days_ago))

    app.send_task("exchanges.remove_unreferenced_files")

    assert wait_until(lambda: not left_over.exists())
    assert kept.exists()
    assert fresh.exists()
