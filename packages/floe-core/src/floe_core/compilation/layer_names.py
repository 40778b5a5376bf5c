"""Layers that the two files name, and that the platform does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_core.compilation.layer import RAW
from floe_core.compilation.validate import Validated
from floe_core.errors import Problem
from floe_core.suggestion import did_you_mean
from floe_core.yaml_file import YamlFile
from floe_core.yaml_reader import YamlPath

Named = tuple[YamlFile, YamlPath, str]


def unknown_layers(sources: Validated) -> Iterator[Problem]:
    """A rule about a layer that is misspelled would ask for nothing."""
    known = [*sources.manifest.layers, *({RAW} - sources.manifest.layers.keys())]
    for file, path, name in (*_of_manifest(sources), *_of_spec(sources)):
        if name not in known:
            at = file.at(path, key=path[-1] == name)
            hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
            dotted = ".".join(str(part) for part in path if isinstance(part, str) and part != name)
            yield Problem("FLOE-E224", f"{dotted}: the platform has no layer '{name}'", at, hint)


def _of_manifest(sources: Validated) -> Iterator[Named]:
    file, rules = sources.manifest_file, sources.manifest.governance.rules
    if file is None:
        return
    said: list[tuple[YamlPath, Iterable[str]]] = [
        (("naming", "models"), rules.naming.models),
        (("layers", "forbid"), rules.layers.forbid),
        *((("layers", "forbid", layer), below) for layer, below in rules.layers.forbid.items()),
        (("layers", "exposed"), rules.layers.exposed or ()),
        (("tests", "layers"), rules.tests.layers),
        (("descriptions", "layers"), rules.descriptions.layers),
    ]
    for path, names in said:
        whole = ("governance", "rules", *path)
        if whole in file.values:  # else it is the default
            for place, name in enumerate(names):
                yield file, (*whole, name if isinstance(names, dict) else place), name


def _of_spec(sources: Validated) -> Iterator[Named]:
    for place, name in enumerate(sources.spec.exposes or ()):
        yield sources.spec_file, ("exposes", place), name
