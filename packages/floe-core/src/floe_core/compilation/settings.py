"""The settings of a product, each with all that platform and product say of it, also for one environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from floe_core.compilation.validate import Validated
from floe_core.errors import Position
from floe_core.yaml_file import YamlFile
from floe_core.yaml_reader import YamlPath

_WHOLE = ("schedule", "retention")  # whoever says a part of these says all: 'every' does not mix with 'cron'


@dataclass(frozen=True)
class Said:
    """A value as it was typed, where it stands, and who says it."""

    value: Any
    file: YamlFile
    path: YamlPath
    by: str
    of_product: bool

    @property
    def at(self) -> Position:
        return self.file.at(self.path)


Layer = Mapping[str, Said]
"""What one place says, by setting: 'compute', 'compute.threads', 'schedule.every', 'retention.maxAge'."""


def layers(sources: Validated, environment: str | None) -> list[Layer]:
    """All that is said for an environment, the last word last; for none in particular without one."""
    found = []
    sections: dict[str, YamlPath]
    platform = f"platform '{sources.manifest.metadata.name}'"
    product = f"product '{sources.spec.metadata.name}'"
    if manifest := sources.manifest_file:
        sections = {"compute": ("plugins", "compute"), **{key: ("defaults", key) for key in _WHOLE}}
        found.append(_layer(manifest, sections, platform, of_product=False))
        if environment:
            found.append(_of_environment(manifest, environment, platform, of_product=False))
    sections = {key: (key,) for key in ("compute", *_WHOLE)}
    found.append(_layer(sources.spec_file, sections, product, of_product=True))
    if environment:
        found.append(_of_environment(sources.spec_file, environment, product, of_product=True))
    return found


def effective(said: Sequence[Layer]) -> dict[str, Said]:
    """What counts in the end, by setting."""
    settings: dict[str, Said] = {}
    for layer in said:
        for key in {key.partition(".")[0] for key in layer} & {*_WHOLE}:
            _forget(settings, key)
        if "compute" in layer and _value(settings, "compute") != layer["compute"].value:
            _forget(settings, "compute")  # another plugin has other settings
        settings.update(layer)
    return settings


def section(settings: Mapping[str, Said], name: str) -> dict[str, Said]:
    """The parts of one setting, by their own names."""
    head = f"{name}."
    return {key.removeprefix(head): said for key, said in settings.items() if key.startswith(head)}


def _of_environment(file: YamlFile, environment: str, by: str, *, of_product: bool) -> Layer:
    sections = {key: ("environments", environment, key) for key in ("compute", *_WHOLE)}
    return _layer(file, sections, f"{by} for '{environment}'", of_product=of_product)


def _layer(file: YamlFile, sections: Mapping[str, YamlPath], by: str, *, of_product: bool) -> Layer:
    return {
        key: Said(value, file, path, by, of_product)
        for name, place in sections.items()
        for key, value, path in _parts(name, _find(file.tree, place), place)
    }


def _parts(name: str, said: Any, place: YamlPath) -> Iterator[tuple[str, Any, YamlPath]]:
    if said is None:
        return
    if name == "compute":
        if isinstance(said, str):
            yield "compute", said, place
            return
        if said.get("type") is not None:
            yield "compute", said["type"], (*place, "type")
        said, place = said.get("config") or {}, (*place, "config")
    for key, value in said.items():
        if value is not None and not key.startswith("x-"):
            yield f"{name}.{key}", value, (*place, key)
    if name == "schedule" and not said:
        yield "schedule.every", "10m", place


def _find(tree: Any, path: YamlPath) -> Any:
    for part in path:
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _forget(settings: dict[str, Said], name: str) -> None:
    for key in [key for key in settings if key == name or key.startswith(f"{name}.")]:
        del settings[key]


def _value(settings: Mapping[str, Said], key: str) -> Any:
    return settings[key].value if key in settings else None
