"""The messages of Terraform's plugin protocol (version 5), as far as a provider needs them."""

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

MESSAGES = {
    "DynamicValue": "msgpack:bytes=1 json:bytes=2",
    "Step": "attribute_name:string=1",
    "AttributePath": "steps:*Step=1",
    "Diagnostic": "severity:int32=1 summary:string=2 detail:string=3",
    "RawState": "json:bytes=1",
    "Attribute": "name:string=1 type:bytes=2 required:bool=4 optional:bool=5 computed:bool=6",
    "NestedBlock": "type_name:string=1 block:Block=2 nesting:int32=3 min_items:int64=4 max_items:int64=5",
    "Block": "version:int64=1 attributes:*Attribute=2 block_types:*NestedBlock=3",
    "Schema": "version:int64=1 block:Block=2",
    "ResourceEntry": "key:string=1 value:Schema=2",
    "Empty": "",
    "GetSchemaResponse": "provider:Schema=1 resource_schemas:*ResourceEntry=2 data_source_schemas:*ResourceEntry=3",
    "PrepareProviderConfigRequest": "config:DynamicValue=1",
    "PrepareProviderConfigResponse": "prepared_config:DynamicValue=1 diagnostics:*Diagnostic=2",
    "ConfigureRequest": "terraform_version:string=1 config:DynamicValue=2",
    "DiagnosticsResponse": "diagnostics:*Diagnostic=1",
    "ValidateRequest": "type_name:string=1 config:DynamicValue=2",
    "UpgradeResourceStateRequest": "type_name:string=1 version:int64=2 raw_state:RawState=3",
    "UpgradeResourceStateResponse": "upgraded_state:DynamicValue=1 diagnostics:*Diagnostic=2",
    "ReadResourceRequest": "type_name:string=1 current_state:DynamicValue=2",
    "ReadResourceResponse": "new_state:DynamicValue=1 diagnostics:*Diagnostic=2",
    "PlanResourceChangeRequest": "type_name:string=1 prior_state:DynamicValue=2 proposed_new_state:DynamicValue=3",
    "PlanResourceChangeResponse": (
        "planned_state:DynamicValue=1 requires_replace:*AttributePath=2 diagnostics:*Diagnostic=4 legacy_type_system:bool=5"
    ),
    "ApplyResourceChangeRequest": "type_name:string=1 prior_state:DynamicValue=2 planned_state:DynamicValue=3",
    "ApplyResourceChangeResponse": "new_state:DynamicValue=1 diagnostics:*Diagnostic=3 legacy_type_system:bool=4",
    "ImportResourceStateRequest": "type_name:string=1 id:string=2",
    "ImportedResource": "type_name:string=1 state:DynamicValue=2",
    "ImportResourceStateResponse": "imported_resources:*ImportedResource=1 diagnostics:*Diagnostic=2",
    "ReadDataSourceRequest": "type_name:string=1 config:DynamicValue=2",
    "ReadDataSourceResponse": "state:DynamicValue=1 diagnostics:*Diagnostic=2",
}
"""Of each message its fields: name, type (`*` repeated) and number. A map is sent as repeated entries."""

CALLS = {
    "GetSchema": ("Empty", "GetSchemaResponse"),
    "PrepareProviderConfig": ("PrepareProviderConfigRequest", "PrepareProviderConfigResponse"),
    "Configure": ("ConfigureRequest", "DiagnosticsResponse"),
    "ValidateResourceTypeConfig": ("ValidateRequest", "DiagnosticsResponse"),
    "ValidateDataSourceConfig": ("ValidateRequest", "DiagnosticsResponse"),
    "UpgradeResourceState": ("UpgradeResourceStateRequest", "UpgradeResourceStateResponse"),
    "ReadResource": ("ReadResourceRequest", "ReadResourceResponse"),
    "PlanResourceChange": ("PlanResourceChangeRequest", "PlanResourceChangeResponse"),
    "ApplyResourceChange": ("ApplyResourceChangeRequest", "ApplyResourceChangeResponse"),
    "ImportResourceState": ("ImportResourceStateRequest", "ImportResourceStateResponse"),
    "ReadDataSource": ("ReadDataSourceRequest", "ReadDataSourceResponse"),
    "Stop": ("Empty", "Empty"),
}
"""The calls of the service `tfplugin5.Provider`, each with what it takes and gives."""

PACKAGE = "tfplugin5"


def _build_file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="tfplugin5.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _add_field(message, *field.replace("=", ":").split(":"))
    return file


def _add_field(message: DescriptorProto, name: str, kind: str, number: str) -> None:
    field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind.startswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED
        kind = kind[1:]
    if kind in MESSAGES:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")


_POOL = DescriptorPool()
_POOL.Add(_build_file())


def message(name: str) -> Any:
    """Return the class of a message."""
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
