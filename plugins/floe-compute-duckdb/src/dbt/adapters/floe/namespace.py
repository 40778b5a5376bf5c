"""``floe.delete_where(...)`` in a project's templates.

dbt gives installed packages a namespace of their own, but puts the macros of an adapter's package under
``dbt`` only, and has no other way for an adapter to offer a name.
"""

from __future__ import annotations

from typing import Any

from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder

PACKAGE = "floe"  # the name in include/floe/dbt_project.yml


def offer() -> None:
    """Let templates call the macros of floe's own package by its name, wherever it is loaded."""
    builder: Any = MacroNamespaceBuilder
    build = builder.build_namespace

    def build_namespace(self: MacroNamespaceBuilder, *arguments: Any) -> MacroNamespace:
        namespace: MacroNamespace = build(self, *arguments)
        if macros := self.internal_packages.get(PACKAGE):
            namespace.packages.setdefault(PACKAGE, macros)
        return namespace

    builder.build_namespace = build_namespace
