"""The package leaves out nothing that the program imports."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def _excluded() -> set[str]:
    tree = ast.parse((ROOT / "packaging" / "avatardesk.spec").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "excludes":
            return {str(name) for name in ast.literal_eval(node.value)}
    raise AssertionError("the recipe has no list of excluded modules")


def _imported() -> set[str]:
    names: set[str] = set()
    for file in (ROOT / "desktop").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_no_module_of_ours_imports_what_the_package_leaves_out() -> None:
    excluded, imported = _excluded(), _imported()
    assert len(excluded) > 5
    assert "PySide6.QtWebEngineCore" in imported
    left_out = {name for name in imported for gone in excluded if name == gone or name.startswith(gone + ".")}
    assert left_out == set()
