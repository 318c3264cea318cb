"""Answers that are not data, worded as Acumatica words them."""

from __future__ import annotations

from .messages import Response, html_response, json_response

IIS_TEXT = "The custom error module does not recognize this error."


class Refusal(Exception):  # noqa: N818 - it is an answer, and the client calls it an error
    """Ends the handling of a request with this answer."""

    def __init__(self, response: Response) -> None:
        """Carry the answer to where the request came in."""
        super().__init__(response.status)
        self.response = response


def server_error(exception_type: str, text: str) -> Refusal:
    """A 500 in the shape of every .NET error of the contract-based API."""
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": exception_type,
        "stackTrace": "   at PX.Api.ContractBased.Soap.EntityApiController.Handle(String entity)",
    }
    return Refusal(json_response(500, body))


def no_entity() -> Refusal:
    """A single record that does not exist, or that the user may not see."""
    kind = "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"
    return server_error(kind, "No entity satisfies the condition.")


def unknown_field() -> Refusal:
    """A field in `$select` or `$expand` that the contract does not have."""
    kind = "System.Collections.Generic.KeyNotFoundException"
    return server_error(kind, "The given key was not present in the dictionary.")


def bad_filter(text: str) -> Refusal:
    """A `$filter` that cannot be parsed or cannot be applied."""
    return server_error("Microsoft.OData.ODataException", text)


def not_optimizable(fields: dict[str, str]) -> Refusal:
    """A list that cannot be read with one SQL query; `fields` names the view each one comes from."""
    lines = "\r\n".join(f"{name}: View {view} has BQL delegate" for name, view in fields.items())
    text = f"Optimization cannot be performed.The following fields cause the error:\r\n{lines}"
    return server_error("PX.Api.ContractBased.CannotOptimizeException", text)


def not_set_up(form: str) -> Refusal:
    """An entity whose module has no preferences yet."""
    text = f"The required configuration data is not entered on the {form} form."
    return server_error("PX.Data.PXSetupNotEnteredException`1[[PX.Objects.GL.GLSetup, PX.Objects]]", text)


def forbidden(entity: str, screen: str) -> Refusal:
    """A form that the user's roles do not open."""
    text = f"You have insufficient rights to access the {entity} ({screen}) form."
    return Refusal(json_response(403, {"message": text}))


def unauthorized() -> Refusal:
    """Nobody is signed in: no body at all."""
    return Refusal(Response(status=401))


def not_found(style: str) -> Refusal:
    """An endpoint or entity that does not exist; builds differ in the body: `empty`, `html` or `json`."""
    if style == "html":
        return Refusal(html_response(404, "The resource cannot be found."))
    if style == "json":
        return Refusal(json_response(404, {"message": "No HTTP resource was found that matches the URI."}))
    return Refusal(Response(status=404))


def bad_request(text: str) -> Refusal:
    """A body that cannot be used."""
    body = {"message": "The request is invalid.", "modelState": {"": [text]}}
    return Refusal(json_response(400, body))


def plain_text(status: int, text: str) -> Response:
    """An answer in plain text, as the web server itself gives it."""
    headers = (("Content-Type", "text/plain; charset=utf-8"),)
    return Response(status=status, headers=headers, body=text.encode())
