"""Run every benchmark: `python -m benchmarks [NAME ...]`."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
_SHARED = {"jobs", "measure", "synthetic"}


def main(names: list[str]) -> int:
    """Run the scripts named, or all, one after another, each in a process of its own."""
    scripts = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    chosen = names or [name for name in scripts if name not in _SHARED]
    unknown = sorted(set(chosen) - set(scripts))
    if unknown:
        print(f"no benchmark {unknown[0]}; there are: {', '.join(scripts)}", file=sys.stderr)
        return 2
    statuses = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        for name in chosen
    ]
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
