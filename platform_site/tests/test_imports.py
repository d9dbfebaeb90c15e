"""What each process loads: the web process no engine, no pandas, no ccxt."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ["vectorbt", "numba", "pandas", "ccxt", "talib", "pyarrow", "plotly", "celery"]


def loaded_by(code: str) -> list[str]:
    script = (
        f"{code}\nimport sys, json; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def test_the_web_process_starts_light() -> None:
    code = (
        "import platform_site.wsgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
    )

    assert loaded_by(code) == []


@pytest.mark.parametrize("command", ["list_engines", "list_series", "list_strategies", "show_run"])
def test_a_command_loads_no_engine(command: str) -> None:
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'platform_site.settings.base'\n"
        "import django; django.setup()\n"
        "from importlib import import_module\n"
        "from django.core.management import get_commands, load_command_class\n"
        f"load_command_class(get_commands()['{command}'], '{command}')\n"
    )

    assert [name for name in loaded_by(code) if name in {"vectorbt", "numba", "ccxt"}] == []
