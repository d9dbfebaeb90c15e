"""How much memory a process has held."""

import subprocess
import sys

MEASURED = """
import subprocess
from common.domain.memory import peak_rss_bytes
held = bytearray(200_000_000)
before = peak_rss_bytes()
subprocess.run(["true"], check=True)
print(before, peak_rss_bytes())
"""


class TestPeakRss:
    def test_counts_the_memory_of_a_process_once_when_it_starts_another(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True
        )

        before, after = map(int, done.stdout.split())
        assert 200_000_000 < before < 280_000_000
        assert after < before + 20_000_000
