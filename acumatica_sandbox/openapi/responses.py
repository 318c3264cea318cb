"""The answers that operations share."""

from __future__ import annotations

from .notation import URI, Schema, content, ref

WITH_ERROR = {
    "ContractBasedControllerBase_401": "Nobody is signed in.",
    "ContractBasedControllerBase_500": "The server failed.",
    "InvokeAction_400": "The request cannot be used.",
    "InvokeAction_412": "A condition of the headers does not hold.",
    "PutEntity_400": "The request cannot be used.",
    "PutEntity_412": "A condition of the headers does not hold.",
    "PatchEntity_400": "The request cannot be used.",
    "PatchEntity_412": "A condition of the headers does not hold.",
    "PatchEntity_404": "There is no such record.",
    "StartReport_400": "The request cannot be used.",
}
WITH_LOCATION = {
    "InvokeAction_204": "The action is done; the record is at the address in Location.",
    "InvokeAction_202": "The action goes on; its state is at the address in Location.",
    "PutFile_204": "The file is attached.",
    "StartReport_202": "The report is made; its state is at the address in Location.",
}
BARE = {
    "InvokeAction_409": "Another operation runs on this form in the session.",
    "EntityController_409": "Another operation runs on this form in the session.",
    "DeleteByKeys_204": "The record is deleted.",
    "DeleteById_204": "The record is deleted.",
}


def build_responses() -> Schema:
    """Every shared answer, by name."""
    error = content(ref("HttpError"))
    location = {"Location": {"description": "Where to look next.", "schema": URI}}
    return {
        **{name: {"description": text, "content": error} for name, text in WITH_ERROR.items()},
        **{name: {"description": text, "headers": location} for name, text in WITH_LOCATION.items()},
        **{name: {"description": text} for name, text in BARE.items()},
    }


def shared(name: str) -> Schema:
    """A reference to one of them."""
    return {"$ref": f"#/components/responses/{name}"}
