"""Imports go one way, and what costs is imported where it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("analysis", "listening", "mixers", "stimuli")
# room -> what of ours it may import: (anywhere, only inside functions).
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "mixers": ({"mixers"}, set()),
    "analysis": ({"analysis"}, set()),
    "stimuli": ({"stimuli", "mixers"}, set()),
    "listening": ({"listening", "stimuli.manifest", "stimuli.flac"}, {"analysis"}),
}
HEAVY = ("torch", "scipy", "pandas", "statsmodels", "matplotlib", "sklearn", "numba")


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Every imported module and whether it is loaded together with the file."""
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) not in lazy
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) not in lazy


def allowed(name: str, modules: set[str]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    anywhere, lazily = MAY_IMPORT[room]
    wrong = []
    for path in sorted((ROOT / room).rglob("*.py")):
        for name, at_load in imports(ast.parse(path.read_text(encoding="utf-8"))):
            ours = name.split(".")[0] in (*ROOMS, "app", "tests", "benchmarks")
            if ours and not allowed(name, anywhere | (set() if at_load else lazily)):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_manifest_needs_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "stimuli" / "manifest.py").read_text(encoding="utf-8"))
    roots = {name.split(".")[0] for name, _ in imports(tree)}
    assert roots <= set(sys.stdlib_module_names)


def test_the_web_app_starts_without_what_costs(tmp_path: Path) -> None:
    code = (
        "import sys, app\n"
        f"app.create_app({{'INSTANCE_PATH': {str(tmp_path)!r}}})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_package_is_listed_for_installation() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    there = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert there == listed
