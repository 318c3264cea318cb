"""Reads `entities.yaml` and refuses a mistake with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from connector.app.schedules import find_mistake
from connector.domain.entity import CurrentForm, Depth, Entity, LineView, ReconcileSchedule
from connector.errors import BadRequestError, CatalogueError

BUNDLED = Path(__file__).parents[1] / "entities.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where PyYAML was built with it: it takes a tenth of the time of every cold start's first reading."""

Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,99}$")]
ENTITY_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
"""An entity's name is a label of its jobs in BigQuery too, which has at most 63 characters."""
NAME_RULE = (
    "an entity's name is a lower-case letter, then letters, digits and _, at most 63 characters in all"
)
Field = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*$")]
CustomField = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z][A-Za-z0-9_]*/)?[A-Za-z]\w*\.\w+$")]
CronPart = r"[0-9*,/\-]+"
Cron = Annotated[str, msgspec.Meta(pattern=rf"^{CronPart}( {CronPart}){{4}}$")]


class LineViewBlock(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`line_views` of a block."""

    name: Name
    details: Annotated[tuple[Field, ...], msgspec.Meta(min_length=1)]
    prefix: Name
    parent: Literal["keys", "all"] | tuple[Field, ...] = "keys"

    def build(self) -> LineView:
        """Return the domain value."""
        parent = {"keys": None, "all": ()}[self.parent] if isinstance(self.parent, str) else self.parent
        return LineView(name=self.name, details=self.details, prefix=self.prefix, parent=parent)


class ReconcileBlock(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`reconcile` of a block."""

    keys: Cron | None = None
    content: Cron | None = None


class EntityBlock(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One block of the file, before it becomes an Entity."""

    acumatica_entity: Field
    keys: Annotated[tuple[Field, ...], msgspec.Meta(min_length=1)]
    current_view: Name
    schedule: Cron
    enabled: bool = True
    expand: tuple[Field, ...] = ()
    line_views: tuple[LineViewBlock, ...] = ()
    date_fields: tuple[Field, ...] = ()
    bignumeric_fields: tuple[Field, ...] = ()
    select: tuple[Field, ...] = ()
    exclude: tuple[Field, ...] = ()
    custom: tuple[CustomField, ...] = ()
    modified_field: Field | None = None
    dac: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]\w{0,199}$")] | None = None
    lookback_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    current: CurrentForm = CurrentForm.VIEW
    reconcile: ReconcileBlock = msgspec.field(default_factory=ReconcileBlock)

    def build(self, name: str) -> Entity:
        """Return the domain value."""
        schedules = ((Depth.KEYS, self.reconcile.keys), (Depth.CONTENT, self.reconcile.content))
        return Entity(
            name=name,
            acumatica_entity=self.acumatica_entity,
            keys=self.keys,
            current_view=self.current_view,
            schedule=self.schedule,
            enabled=self.enabled,
            expand=self.expand,
            line_views=tuple(view.build() for view in self.line_views),
            date_fields=frozenset(self.date_fields),
            bignumeric_fields=frozenset(self.bignumeric_fields),
            select=self.select,
            exclude=frozenset(self.exclude),
            custom=self.custom,
            modified_field=self.modified_field,
            dac=self.dac,
            lookback=None if self.lookback_seconds is None else timedelta(seconds=self.lookback_seconds),
            current=self.current,
            reconcile=tuple(ReconcileSchedule(depth=d, schedule=s) for d, s in schedules if s is not None),
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entities by name, in the file's order."""

    entities: Mapping[str, Entity]

    def find(self, name: str) -> Entity:
        """Return the entity, or raise BadRequestError that lists the valid names."""
        if name not in self.entities:
            raise BadRequestError(
                f"Unknown entity {name[:100]!r}.", action=f"Use one of: {', '.join(sorted(self.entities))}."
            )
        return self.entities[name]

    @property
    def enabled(self) -> tuple[Entity, ...]:
        """The entities that are scheduled."""
        return tuple(entity for entity in self.entities.values() if entity.enabled)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and validate a catalogue (the bundled one by default); raise CatalogueError listing every mistake."""
    path = path or BUNDLED
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogueError(
            f"The catalogue {path} cannot be read: {getattr(exc, 'strerror', None) or exc}.",
            action="Check ENTITIES_FILE.",
        ) from exc
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as exc:
        place = getattr(exc, "problem_mark", None)
        line = f"line {place.line + 1}: " if place else ""
        problem = getattr(exc, "problem", None) or "it is not YAML"
        raise _error(path, [f"{line}{problem}"]) from exc
    if not isinstance(root, yaml.MappingNode) or not root.value:
        raise _error(path, ["line 1: expected one block per entity"])
    mistakes: list[str] = []
    entities = {entity.name: entity for entity in _read_blocks(root, mistakes)}
    mistakes += [*_find_clashes(root, entities), *_find_idle_schedules(root, entities)]
    if mistakes:
        raise _error(path, mistakes)
    return Catalogue(entities)


def _error(path: Path, mistakes: list[str]) -> CatalogueError:
    return CatalogueError(
        f"The catalogue {path.name} is not valid: {'; '.join(mistakes)}.",
        action="Correct these lines; the bundled entities.yaml explains every member.",
    )


def _read_blocks(root: yaml.MappingNode, mistakes: list[str]) -> Iterator[Entity]:
    seen: dict[str, int] = {}
    for key, node in root.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in seen:
            mistakes.append(f"line {line}: {name} is already defined on line {seen[name]}")
            continue
        seen[name] = line
        try:
            _check_name(name)
            mistakes.extend(_find_repeated_members(node))
            block = msgspec.convert(_construct(node), EntityBlock, strict=False)
        except msgspec.ValidationError as exc:
            line, problem = _locate(node, line, str(exc))
            mistakes.append(f"line {line}: {name}: {problem}")
            continue
        yield block.build(name)


def _check_name(name: str) -> None:
    if not ENTITY_NAME.fullmatch(name):
        raise msgspec.ValidationError(
            "an entity's name is a lower-case letter, then letters, digits and _, at most 63 characters in all"
        )


def _construct(node: yaml.Node) -> Any:
    return yaml.SafeLoader("").construct_document(node)


def _find_repeated_members(node: yaml.Node) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                yield f"line {key.start_mark.line + 1}: {key.value} is given twice"
            seen.add(key.value)


def _locate(node: yaml.Node, line: int, message: str) -> tuple[int, str]:
    """Return the line that a validation message's path (`$.line_views[0].name`) leads to, and the message without it."""
    problem, _, path = message.partition(" - at `$")
    for member, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if member and isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == member]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif index and isinstance(node, yaml.SequenceNode):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
    unknown = re.search(r"unknown field `(\w+)`", problem)
    if unknown and isinstance(node, yaml.MappingNode):
        line = next((k.start_mark.line + 1 for k, _ in node.value if k.value == unknown[1]), line)
    place = path.strip("`").lstrip(".")
    return line, f"{place}: {problem}" if place else problem


def _find_clashes(root: yaml.MappingNode, entities: Mapping[str, Entity]) -> Iterator[str]:
    """Two entities must not write or show under one name."""
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in root.value}
    owner: dict[str, str] = {"sync_runs": "the connector"}
    for entity in entities.values():
        names = [
            entity.log_table,
            entity.history_view,
            entity.current_view,
            *(v.name for v in entity.line_views),
        ]
        for name in names:
            if name in owner:
                yield f"line {lines[entity.name]}: {entity.name}: the name {name} is already used by {owner[name]}"
            owner[name] = entity.name
        collections = {path.split("/")[0] for path in entity.expand}
        for view in entity.line_views:
            for missing in sorted(set(view.details) - collections):
                yield f"line {lines[entity.name]}: {entity.name}: {view.name} shows {missing}, which expand does not name"


def _find_idle_schedules(root: yaml.MappingNode, entities: Mapping[str, Entity]) -> Iterator[str]:
    """A schedule that never comes would leave its entity unread, without a word."""
    nodes = {str(key.value): (key.start_mark.line + 1, node) for key, node in root.value}
    for entity in entities.values():
        schedules = {"schedule": entity.schedule}
        schedules |= {f"reconcile.{plan.depth.value}": plan.schedule for plan in entity.reconcile}
        for place, schedule in schedules.items():
            if mistake := find_mistake(schedule):
                line, node = nodes[entity.name]
                line, problem = _locate(node, line, f"{mistake} - at `$.{place}`")
                yield f"line {line}: {entity.name}: {problem}"
