"""How much memory one web worker holds after it has served every list."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from benchmarks.measure import ROOT, installation, manage, report, run
from benchmarks.synthetic import write_csv

PORT = 8799
LISTS = (
    "venues", "instruments", "series", "series/1/bars", "strategies", "experiments", "datasets",
    "runs", "runs/1", "runs/1/fills", "runs/1/equity", "schema",
)  # fmt: skip
_MAKE_TOKEN = """
from django.contrib.auth import get_user_model
from knox.models import AuthToken
user = get_user_model().objects.create_superuser("bench")
print(AuthToken.objects.create(user)[1])
"""


def main() -> None:
    """Start the web process as `make dev` does, ask for everything, read /proc."""
    series = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")
    with installation() as (folder, environment):
        environment["ASSAY_WEB__PORT"] = str(PORT)
        run(
            manage("import_bars", write_csv(folder / "bars.csv", 45_000), *series),
            environment=environment,
        )
        run(
            manage("run_backtest", "--strategy", "sma_cross", "--engine", "vectorbt", *series),
            environment=environment,
        )
        token = _token(environment)
        words = ["gunicorn", "--config", "python:platform_site.gunicorn", "platform_site.wsgi"]
        server = subprocess.Popen(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        try:
            _await(token)
            started = _pss_mb(server.pid)
            after = {}
            for path in LISTS:
                _get(path, token)
                after[path] = round(_pss_mb(server.pid), 1)
        finally:
            server.terminate()
            server.wait(timeout=30)
    report(
        "web_memory",
        "one web worker at most 130 MB PSS",
        {"worker_pss_mb_started": started, "worker_pss_mb_after": after},
    )


def _token(environment: dict[str, str]) -> str:
    done = subprocess.run(
        manage("shell", "--no-imports", "-c", _MAKE_TOKEN),
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()[-1]


def _get(path: str, token: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/api/v1/{path}/", headers={"Authorization": f"Token {token}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read()
    if path != "schema":
        json.loads(body)


def _await(token: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            _get("venues", token)
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _pss_mb(master: int) -> float:
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in children]
    found = [re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE) for text in rollups]
    return sum(int(match.group(1)) for match in found if match) * 1024 / 1e6


if __name__ == "__main__":
    main()
