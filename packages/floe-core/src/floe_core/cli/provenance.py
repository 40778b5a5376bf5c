"""Telling where a setting's value comes from."""

from __future__ import annotations

from typing import Any

from floe_core.cli.output import Output
from floe_core.cli.problems import place_of
from floe_core.cli.table import table
from floe_core.compilation.environments import differences
from floe_core.compilation.load import load
from floe_core.compilation.plugin_choice import choose_plugins
from floe_core.compilation.provenance import Source, sources_of
from floe_core.compilation.validate import Validated, validate
from floe_core.errors import Problem, SpecError, in_order
from floe_core.location import Location
from floe_core.plugins.registry import PluginRegistry


def tell_sources(location: Location, setting: str, output: Output) -> None:
    """Print the setting's value with all that say it, and where it is another in another environment."""
    sources, registry = validate(load(location)), PluginRegistry()
    found = sources_of(setting, sources, registry)
    _refuse_wrong(found, sources, registry)
    current, *others = found
    output.document(
        {
            "setting": setting,
            "environments": [
                {"environment": name, "value": said[0].value, "said": [_item(source) for source in said]}
                for name, said in found.items()
            ],
        }
    )
    output.line(f"{setting}: {_text(found[current][0].value)}")
    output.line(_table(found[current]))
    for name in others:
        if found[name][0].value != found[current][0].value:
            output.line(f"in '{name}': {_text(found[name][0].value)}")
            output.line(_table(found[name]))


def _refuse_wrong(found: dict[str, list[Source]], sources: Validated, registry: PluginRegistry) -> None:
    """Raise SpecError where what is said of the setting is not of its kind, so that none of it counts."""
    problems: list[Problem] = []
    if choose_plugins(sources, registry, problems):
        differences(sources, registry, problems)
    places = {source.at for said in found.values() for source in said}
    if wrong := [problem for problem in problems if problem.at and problem.at in places]:
        raise SpecError(in_order(wrong))


def _table(said: list[Source]) -> str:
    rows = [
        [
            "counts" if source.counts else "",
            _text(source.value),
            source.by,
            place_of(source.at) if source.at else "",
        ]
        for source in said
    ]
    return table(["", "value", "said by", "where"], rows)


def _text(value: Any) -> Any:
    return "nothing" if value is None else value


def _item(source: Source) -> dict[str, Any]:
    at = source.at
    return {
        "value": source.value,
        "by": source.by,
        "counts": source.counts,
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
    }
