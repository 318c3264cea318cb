"""Reads a resource's schema out of the TypeScript that CDK for Terraform generated from it."""

import re
from typing import Any

CLASS = re.compile(r"^export class (\w+) extends \w+\.(\w+)", re.MULTILINE)
MEMBER = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n(.*?)(?=^  // |^\}|\Z)",
    re.MULTILINE | re.DOTALL,
)
MAP = re.compile(r"= new \w+\.(String|Number|Boolean|Any)Map\(")
NESTED = re.compile(r"= new (\w+)\(this, \"\w+\"(?:, (true|false))?\)")
DECLARED = re.compile(r"private _\w+\?: ([^;\n]+(?:\{[^}]*\})?[^;\n]*);")
GETTER = re.compile(r"(tolist\()?\(?\s*this\.(?:get(\w+)Attribute|(interpolationForAttribute))\(")

SIMPLE = {"String": "string", "Number": "number", "Boolean": "bool"}
ELEMENTS = (("string", "string"), ("number", "number"), ("boolean", "bool"))

Block = dict[str, Any]
"""`a`: attributes, each a type and its flags (r, o, c); `b`: blocks, each a nesting, the least, the most, and a block."""


def read_schema(source: str, type_name: str) -> Block:
    """Return the block of a resource, data source or provider; KeyError when the source is of another."""
    bodies = {}
    kinds = {}
    found = list(CLASS.finditer(source))
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(source)
        bodies[match[1]] = source[match.start() : end]
        kinds[match[1]] = match[2]
    root = next(name for name, body in bodies.items() if f'tfResourceType = "{type_name}"' in body)
    return _read_block(bodies, kinds, root)


def _read_block(bodies: dict[str, str], kinds: dict[str, str], name: str) -> Block:
    block: Block = {"a": {}, "b": {}}
    for member, computed, optional, required, text in MEMBER.findall(bodies[name]):
        flags = "".join(
            flag for flag, on in zip("cor", (computed, optional, required), strict=True) if on == "true"
        )
        nested = NESTED.search(text)
        if nested is None or nested[1] not in bodies:
            block["a"][member] = [_read_type(text), flags]
            continue
        nesting, most = _read_nesting(kinds[nested[1]], nested[2], member)
        inner = _read_block(
            bodies, kinds, re.sub(r"(List|Map)$", "OutputReference", nested[1]) if most == 0 else nested[1]
        )
        if "c" in flags:
            block["a"][member] = [[nesting, _build_object(inner)], flags]
        else:
            block["b"][member] = [nesting, int("r" in flags), most, inner]
    return block


def _read_nesting(kind: str, is_set: str, member: str) -> tuple[str, int]:
    """Return the nesting and how many blocks there may be (0: any number)."""
    if kind == "ComplexObject":
        return ("single", 1) if member == "timeouts" else ("list", 1)
    return ("set" if is_set == "true" else "list"), 0


def _build_object(block: Block) -> list[Any]:
    members = {name: type_ for name, (type_, _) in block["a"].items()}
    members |= {name: [nesting, _build_object(inner)] for name, (nesting, _, _, inner) in block["b"].items()}
    return ["object", members]


def _read_type(text: str) -> Any:
    """Return the type of an attribute as cty writes it in JSON."""
    if found := MAP.search(text):
        return ["map", SIMPLE.get(found[1], "string")]
    getter = GETTER.search(text)
    if getter and getter[2] in SIMPLE:
        return SIMPLE[getter[2]]
    if getter and getter[2]:
        element = next((to for name, to in ELEMENTS if name in getter[2].lower()), "string")
        return ["map" if "Map" in getter[2] else "set" if getter[1] else "list", element]
    declared = DECLARED.search(text)
    return _read_declared(declared[1]) if declared else "dynamic"


def _read_declared(text: str) -> Any:
    """Return the type of a provider's setting, which has no getter by type."""
    element = next((to for name, to in ELEMENTS if name in text), "string")
    if "[key: string]" in text:
        return ["map", element]
    return ["list", element] if "[]" in text else element
