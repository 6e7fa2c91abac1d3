"""Which value of a feature flag is in force, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import Document, parse_json, parse_yaml, read_text
from pytest_soak.config.flags import FlagTable, Value
from pytest_soak.errors import SoakUsageError

DEFAULT = "default"
SHOWN = 10
"""So many of the keys that are not ours are named."""
EXAMPLE = "md_cache.enabled=false"


class FlagLayer(BaseModel):
    """Flags from one source, as text; `at` names the option or file for error messages.

    The text is a bot's configuration as YAML or JSON, whose flags may lie `under` a key of it, or
    lines of KEY=VALUE.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    at: str
    text: str
    form: Literal["yaml", "json", "lines"]
    under: str = ""

    def apply(self, table: FlagTable) -> tuple[dict[str, Value], list[str]]:
        """The flags that it sets, checked, and what to note; SoakUsageError for a bad one."""
        if self.form == "lines":
            return dict(self._set(table, line) for line in self.text.split("\n")), []
        values, others = table.read(self._document())
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        named = ", ".join(others[:SHOWN]) + more
        return values, [f"config {self.at}: not ours: {named}"] if others else []

    def others(self, table: FlagTable) -> tuple[str, ...]:
        """The keys of a configuration that are no flags of the table."""
        return table.read(self._document()).others

    def _set(self, table: FlagTable, line: str) -> tuple[str, Value]:
        name, equals, text = line.partition("=")
        if not equals or not name.strip():
            raise SoakUsageError(self.at, f"expected KEY=VALUE, got {line!r}; e.g. {EXAMPLE}")
        value = parse_yaml(text, f"{self.at} {name.strip()}").data
        return name.strip(), table.check(name.strip(), value, self.at)

    def _document(self) -> Document:
        parse = parse_json if self.form == "json" else parse_yaml
        whole = parse(self.text, self.at)
        if not self.under:
            return whole
        lines = {at[1:]: line for at, line in whole.lines.items() if at[:1] == (self.under,)}
        return Document(self.at, whole.data.get(self.under), lines)


class Flags(BaseModel):
    """The resolved flags: a value and a source for every flag of the table."""

    model_config = ConfigDict(frozen=True)

    values: dict[str, Value] = {}
    sources: dict[str, str] = {}
    notes: tuple[str, ...] = ()


def config_layer(path: Path, source: str, at: str) -> FlagLayer:
    """The configuration of a bot in a file; SoakUsageError for one that cannot be read."""
    form: Literal["yaml", "json"] = "json" if path.name.endswith((".json", ".json.gz")) else "yaml"
    return FlagLayer(source=source, at=at, text=read_text(path, at), form=form)


def resolve_flags(table: FlagTable, layers: Iterable[FlagLayer]) -> Flags:
    """Flags of a lane: the table's defaults, then `layers`; what comes later wins.

    Raises SoakUsageError for an unknown flag inside a declared section and for a wrong value.
    """
    values = table.defaults()
    sources = dict.fromkeys(values, DEFAULT)
    notes: list[str] = []
    for layer in layers:
        if layer.form == "lines" and not table:
            raise SoakUsageError(layer.at, f"{table.source} declares no `flags`; take it away")
        given, said = layer.apply(table)
        values |= given
        sources |= dict.fromkeys(given, layer.source)
        notes += said
    return Flags(values=values, sources=sources, notes=tuple(notes))
