"""Run every benchmark, or those named: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(wanted: list[str]) -> int:
    """Run the benchmarks of these names, all where none is named."""
    names = [module.name for module in pkgutil.iter_modules([str(HERE)]) if module.name[0] != "_"]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(names)}")
        return 2
    for name in wanted or names:
        print(f"\n== {name} ==", flush=True)
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
