"""Reads `entities.yaml` and reports every mistake with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import structs

from connector.app.schedules import find_mistake
from connector.domain.block_members import (
    COLLECTION,
    COLUMN,
    CRON,
    CUSTOM_FIELD,
    DAC,
    ENTITY_NAME,
    FIELD,
    INQUIRY,
    NAME,
    EntityName,
    SourceKind,
)
from connector.domain.entity import CurrentForm, Entity, Identity
from connector.domain.records.contract import MODIFIED_FIELDS
from connector.errors import BadRequestError, CatalogueError

BUNDLED = Path(__file__).parents[1] / "entities.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C loader if PyYAML has it: it takes a tenth of the time at every cold start."""


RULES = {
    ENTITY_NAME: "an entity's name: a lower-case letter, then lower-case letters, digits and _, at most 63 characters",
    NAME: "a lower-case letter, then lower-case letters, digits and _, at most 100 characters",
    FIELD: "a field of Acumatica: letters, digits and _, levels joined with /",
    COLLECTION: "details of the record itself: letters, digits and _",
    CUSTOM_FIELD: "a custom field: View.Field or Details/View.Field",
    CRON: "a cron of five parts, each of digits and * , - /",
    INQUIRY: "the title of an inquiry; one with / ? # % & or a backslash cannot be read over OData",
    DAC: "a table as OData names it: PX_Objects_IN_InventoryItem",
    COLUMN: "a column of the class, or Reference/Column of a class it refers to: letters, digits and _",
}
"""Each pattern described in words."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entities by name, in the file's order."""

    entities: Mapping[str, Entity]

    def find(self, name: str) -> Entity:
        """Return the entity, or raise BadRequestError that lists the valid names."""
        if name not in self.entities:
            meant = self._guess(name[:100])
            raise BadRequestError(
                f"Unknown entity {name[:100]!r}.",
                action=f"{meant}Use one of: {', '.join(sorted(self.entities))}.",
            )
        return self.entities[name]

    def _guess(self, name: str) -> str:
        """Return a question for the entity that was probably meant: misspelt, or named as Acumatica or the warehouse does."""
        known: dict[str, tuple[str, str]] = {}
        for entity in self.entities.values():
            views = (entity.current_view, *(view.name for view in entity.line_views), entity.history_view)
            for other in (entity.name, entity.acumatica_entity, *views, entity.log_table):
                known.setdefault(other.casefold(), (entity.name, other))
        for nearest in get_close_matches(name.casefold(), known, n=1, cutoff=0.7):
            found, other = known[nearest]
            return f"Did you mean {found}{'' if found == other else f' ({other})'}? "
        return ""

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
            f"The catalogue that ENTITIES_FILE names cannot be read: {getattr(exc, 'strerror', None) or exc}.",
            action="Set ENTITIES_FILE to a catalogue, or to nothing for the bundled one.",
        ) from exc
    return parse_catalogue(path.name, text)


@lru_cache(maxsize=2)
def parse_catalogue(file: str, text: str) -> Catalogue:
    """Return what a file of this text says; raise CatalogueError listing every mistake.

    An instance that serves many calls reads the same text at each.
    """
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as exc:
        raise _error(file, [_describe_yaml_error(exc)]) from exc
    if not isinstance(root, yaml.MappingNode) or not root.value:
        raise _error(file, ["line 1: expected one block per entity"])
    mistakes: list[str] = []
    entities = {entity.name: entity for entity in _read_blocks(root, mistakes)}
    mistakes += [*_find_clashes(root, entities), *_find_idle_schedules(root, entities)]
    if mistakes:
        raise _error(file, mistakes)
    return Catalogue(entities)


def _error(file: str, mistakes: list[str]) -> CatalogueError:
    return CatalogueError(
        f"The catalogue {file} is not valid: {'; '.join(mistakes)}.",
        action="Correct these lines; the bundled entities.yaml explains every member.",
    )


def _describe_yaml_error(error: yaml.YAMLError) -> str:
    place = getattr(error, "problem_mark", None)
    line = f"line {place.line + 1}: " if place else ""
    return f"{line}{getattr(error, 'problem', None) or 'it is not YAML'}"


def _read_blocks(root: yaml.MappingNode, mistakes: list[str]) -> Iterator[Entity]:
    seen: dict[str, int] = {}
    for key, node in root.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in seen:
            mistakes.append(f"line {line}: {name} is already defined on line {seen[name]}")
            continue
        seen[name] = line
        try:
            msgspec.convert(name, EntityName)
            mistakes.extend(_find_repeated_members(node, set()))
            yield _build(name, _construct(node))
        except yaml.YAMLError as exc:
            mistakes.append(_describe_yaml_error(exc))
        except msgspec.ValidationError as exc:
            line, problem = _locate(node, line, str(exc))
            mistakes.append(f"line {line}: {name}: {problem}")


def _build(name: str, block: Any) -> Entity:
    """Return the entity; raise msgspec.ValidationError, whose path begins at the block."""
    if isinstance(block, dict):
        if "name" in block:
            raise msgspec.ValidationError("Object contains unknown field `name`")
        block = {**block, "name": name}
    return _read_what_is_shown(msgspec.convert(block, Entity, strict=False))


def _read_what_is_shown(entity: Entity) -> Entity:
    """Return the entity with the line views that are on alone, and with the details they show among what is read."""
    shown = tuple(view for view in entity.line_views if view.enabled)
    details = (collection for view in shown for collection in view.details)
    return structs.replace(entity, line_views=shown, expand=tuple(dict.fromkeys((*entity.expand, *details))))


def _construct(node: yaml.Node) -> Any:
    """Return the values of a block; raise yaml.YAMLError if one cannot be read, as 2026-02-30 cannot be as a date."""
    try:
        return yaml.SafeLoader("").construct_document(node)
    except (ValueError, LookupError, AttributeError) as exc:  # PyYAML lets its converters' own errors through
        problem = f"a value of this block cannot be read: {exc}"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from exc


def _find_repeated_members(node: yaml.Node, visited: set[int]) -> Iterator[str]:
    """Yield what is given twice in a mapping, at any depth; YAML itself would silently keep the last one.

    A node with an anchor may stand in several places, even in itself; it is visited once.
    """
    if id(node) in visited or isinstance(node, yaml.ScalarNode):
        return
    visited.add(id(node))
    children = node.value
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                yield f"line {key.start_mark.line + 1}: {name} is given twice"
            seen.add(name)
        children = [value for _, value in node.value]
    for child in children:
        yield from _find_repeated_members(child, visited)


def _locate(node: yaml.Node, line: int, message: str) -> tuple[int, str]:
    """Return the line of the path in a validation message (`$.line_views[0].name`), and the message without the path."""
    problem, _, path = message.replace(" - at `key` in `$", " - at `$").partition(" - at `$")
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
    entry = _find_entry(node, problem) if path else None
    if entry is not None:
        line, path = (
            entry.start_mark.line + 1,
            f"{path.removesuffix('`').removesuffix('[...]')}.{entry.value}",
        )
    pattern = re.fullmatch(r"Expected `str` matching regex '(.*)'", problem)
    if pattern and (rule := RULES.get(pattern[1].replace("\\\\", "\\"))):
        problem = f"expected {rule}"
    place = path.strip("`").lstrip(".")
    return line, f"{place}: {problem}" if place else problem


def _find_entry(node: yaml.Node, problem: str) -> yaml.Node | None:
    """Return the key of the column that a problem is about, which tells its name or its type alone."""
    if not isinstance(node, yaml.MappingNode):
        return None
    odd_type = re.search(r"^Invalid enum value '(.*)'", problem)
    odd_name = problem.endswith(f"'{COLUMN}'")
    for key, value in node.value:
        if (odd_type and value.value == odd_type[1]) or (odd_name and not re.match(COLUMN, str(key.value))):
            return key if isinstance(key, yaml.Node) else None
    return None


def _find_clashes(root: yaml.MappingNode, entities: Mapping[str, Entity]) -> Iterator[str]:
    """Yield table and view names used twice, and settings that contradict each other."""
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in root.value}
    owner: dict[str, str] = {"sync_runs": "the connector"}
    for entity in entities.values():
        names = [
            entity.log_table,
            entity.history_view,
            entity.current_view,
            *([entity.current_table] if entity.current is CurrentForm.TABLE else []),
            *(v.name for v in entity.line_views),
        ]
        for name in names:
            if name in owner:
                yield f"line {lines[entity.name]}: {entity.name}: the name {name} is already used by {owner[name]}"
            owner[name] = entity.name
        if entity.source is SourceKind.ENTITY and entity.identity is Identity.KEYS and entity.dac:
            yield f"line {lines[entity.name]}: {entity.name}: deletions are told by id, so dac is of no use with identity: keys"
        for excluded in sorted(entity.exclude & _find_needed(entity)):
            yield f"line {lines[entity.name]}: {entity.name}: exclude names {excluded}, without which no record can be copied"


def _find_needed(entity: Entity) -> set[str]:
    """Return the fields that are read whatever is excluded: the keys and the cursor field."""
    return {*entity.keys, *([entity.modified_field] if entity.modified_field else MODIFIED_FIELDS)}


def _find_idle_schedules(root: yaml.MappingNode, entities: Mapping[str, Entity]) -> Iterator[str]:
    """Yield schedules that never fire, which would silently leave an entity unread."""
    nodes = {str(key.value): (key.start_mark.line + 1, node) for key, node in root.value}
    for entity in entities.values():
        schedules = {"schedule": entity.schedule}
        schedules |= {
            f"reconcile.{depth.value}": schedule for depth, schedule in entity.reconcile.plans.items()
        }
        for place, schedule in schedules.items():
            if mistake := find_mistake(schedule):
                line, node = nodes[entity.name]
                line, problem = _locate(node, line, f"{mistake} - at `$.{place}`")
                yield f"line {line}: {entity.name}: {problem}"
