"""Imports run one way: smsconsolidator → batches → replies → classification."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsconsolidator.env import BASE_DIR

LAYERS = ["smsconsolidator", "batches", "replies", "classification"]


def imports(source: str, package: str) -> Iterator[str]:
    """The top-level package of every import in `source`, also inside functions and relative."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package if node.level else str(node.module).split(".")[0]


def upward(layer: str) -> list[str]:
    forbidden = set(LAYERS[: LAYERS.index(layer)])
    files = (BASE_DIR / layer).rglob("*.py")
    return [
        f"{file.relative_to(BASE_DIR)} imports {name}"
        for file in files
        for name in imports(file.read_text(encoding="utf-8"), layer)
        if name in forbidden
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_it_imports_nothing_from_above(layer: str) -> None:
    assert Path(BASE_DIR / layer / "__init__.py").exists()
    assert upward(layer) == []


def test_it_sees_an_import_inside_a_function() -> None:
    source = "def f():\n    from batches.models import Batch\n    import replies.services as s\n"
    assert list(imports(source, "classification")) == ["batches", "replies"]
