"""Profiles: immutable, named sets of overrides."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import Document, read_document, validate
from pytest_soak.config.names import Shelf, shipped, shown_path, stem
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.errors import SoakUsageError

DEFAULT = "default"
_SHIPPED = Shelf("profile", (shipped("profiles"),))


class ProfileFile(BaseModel):
    """What stands in a profile's file: overrides by parameter, and the gate that goes with them."""

    model_config = ConfigDict(extra="forbid")

    description: str = ""
    gate: str | None = None
    overrides: dict[str, object]


class Profile(BaseModel):
    """A profile as read: its overrides are checked against a table only when a lane is planned.

    `folder` is where it lies: a gate that it names by a path is relative to it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    source: str
    folder: Path = Path()
    description: str = ""
    gate: str | None = None
    overrides: dict[str, object] = {}
    lines: dict[str, str] = {}
    shipped: bool = False

    @property
    def hides_shipped(self) -> bool:
        """Whether it is the user's own under the name of a shipped one."""
        return not self.shipped and self.name in _SHIPPED.names()

    def values(self, table: ParameterTable) -> tuple[dict[str, float], list[str]]:
        """The overrides checked against `table`, and the names that are off.

        A shipped profile may name parameters that the target's own table lacks: they are off. A
        name that is wrong in the user's own profile is a SoakUsageError.
        """
        values: dict[str, float] = {}
        off: list[str] = []
        for name, value in self.overrides.items():
            if self.shipped and name not in table:
                off.append(name)
            else:
                values[name] = table.check(name, value, self.lines.get(name, self.source))
        return values, off


def profile_shelf(user_folder: Path) -> Shelf:
    """The user's `profiles/`, then the wheel's."""
    return Shelf("profile", (user_folder / "profiles", *_SHIPPED.folders))


def load_profile(given: str, shelf: Shelf, base: Path, source: str) -> Profile:
    """The profile meant by `given`; `default` is the table's own defaults unless a file has it.

    Raises SoakUsageError for anything wrong with the name or the file.
    """
    if given == DEFAULT and DEFAULT not in shelf.names():
        return Profile(name=DEFAULT, source="the parameter table", shipped=True)
    path = shelf.find(given, base, source)
    document = _overrides_hint(of_snapshot(read_document(path, shown_path(path, base))))
    read = validate(ProfileFile, document)
    return Profile(
        name=stem(path),
        source=document.source,
        folder=path.parent,
        description=read.description,
        gate=read.gate,
        overrides=read.overrides,
        lines={name: document.at(("overrides", name)) for name in read.overrides},
        shipped=path.parent == shelf.folders[-1],
    )


def of_snapshot(document: Document) -> Document:
    """`document`; of a production snapshot, which is a profile, its overrides alone."""
    data = document.data
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, str) or not schema.startswith("pytest-soak/production-snapshot/"):
        return document
    text = f"snapshot of {data.get('source')}, lane {data.get('lane')}"
    kept = {"description": text, "overrides": data.get("overrides")}
    return Document(f"{document.source} ({text})", kept, document.lines)


def _overrides_hint(document: Document) -> Document:
    if isinstance(document.data, dict) and "overrides" not in document.data:
        raise SoakUsageError(
            document.source, "missing key 'overrides'; put the parameters under 'overrides:'"
        )
    return document
