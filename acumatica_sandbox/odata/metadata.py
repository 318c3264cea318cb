"""The metadata of an interface: XML alone, one catalogue of everything it offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from .dialect import Dialect
from .feed import Feed

_EDMX = {3: "http://schemas.microsoft.com/ado/2007/06/edmx", 4: "http://docs.oasis-open.org/odata/ns/edmx"}
_EDM = {3: "http://schemas.microsoft.com/ado/2009/11/edm", 4: "http://docs.oasis-open.org/odata/ns/edm"}


def build_metadata(feeds: Sequence[Feed], namespace: str, dialect: Dialect) -> str:
    """The whole catalogue."""
    version = "4.0" if dialect.version == 4 else "1.0"
    types = "".join(_type(feed, namespace) for feed in feeds)
    functions = "".join(_function(feed, namespace) for feed in feeds if feed.parameters)
    sets = "".join(_members(feeds, namespace))
    return (
        f'<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="{version}" xmlns:edmx="{_EDMX[dialect.version]}">'
        f'<edmx:DataServices><Schema Namespace="{namespace}" xmlns="{_EDM[dialect.version]}">{types}{functions}'
        f'<EntityContainer Name="Default">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )


def _type(feed: Feed, namespace: str) -> str:
    """A derived class declares what it adds to its base, which has the key."""
    inherited = feed.base.columns if feed.base else ()
    columns = [item for item in feed.ordered_columns if item not in inherited]
    keys = [*feed.keys, *(item.name for item in columns if item.is_join_key)]
    references = "".join(f"<PropertyRef Name={quoteattr(key)}/>" for key in keys)
    properties = "".join(
        f'<Property Name={quoteattr(item.name)} Type="Edm.{item.kind}"'
        + (' Scale="Variable"/>' if item.kind == "Decimal" else "/>")
        for item in columns
    )
    if feed.base:
        base = f" BaseType={quoteattr(f'{namespace}.{feed.base.type_name}')}"
        return f"<EntityType Name={quoteattr(feed.type_name)}{base}>{properties}</EntityType>"
    navigation = "".join(
        f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(f'{namespace}.{reference.target}')}/>"
        for name, reference in feed.references.items()
    )
    key = f"<Key>{references}</Key>" if keys else ""
    return f"<EntityType Name={quoteattr(feed.type_name)}>{key}{properties}{navigation}</EntityType>"


def _function(feed: Feed, namespace: str) -> str:
    parameters = "".join(
        f'<Parameter Name={quoteattr(name)} Type="Edm.{kind}"/>' for name, kind in feed.parameters.items()
    )
    returned = quoteattr(f"Collection({namespace}.{feed.type_name})")
    return (
        f"<Function Name={quoteattr(feed.title)}>{parameters}"
        f'<ReturnType Type={returned} Nullable="false"/></Function>'
    )


def _members(feeds: Sequence[Feed], namespace: str) -> Iterator[str]:
    for feed in feeds:
        title, kind = quoteattr(feed.title), quoteattr(f"{namespace}.{feed.type_name}")
        for name in (title, *map(quoteattr, feed.aliases)):
            yield f"<EntitySet Name={name} EntityType={kind}>{_restrictions(feed)}</EntitySet>"
        if feed.parameters:
            name, function = (
                quoteattr(f"{feed.type_name}_WithParameters"),
                quoteattr(f"{namespace}.{feed.title}"),
            )
            yield f"<FunctionImport Name={name} Function={function} EntitySet={title}/>"


def _restrictions(feed: Feed) -> str:
    """Which columns can be neither filtered nor selected."""
    if not feed.unselectable:
        return ""
    paths = "".join(f"<PropertyPath>{name}</PropertyPath>" for name in feed.unselectable)
    return (
        '<Annotation Term="Org.OData.Capabilities.V1.FilterRestrictions"><Record>'
        f'<PropertyValue Property="NonFilterableProperties"><Collection>{paths}</Collection></PropertyValue>'
        "</Record></Annotation>"
    )
