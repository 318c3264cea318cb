"""Removes our secrets from responses that repeat what was sent."""

import logging
from dataclasses import replace

from requests.structures import CaseInsensitiveDict

from connector.adapters.acumatica.responses import is_page
from connector.adapters.acumatica.transport import Answer
from connector.redaction import SECRETS, redact

logger = logging.getLogger(__name__)


def without_secrets(answer: Answer) -> Answer:
    """Return the response with every secret in its headers and body hidden.

    This changes a record that contains a secret, so it is logged.
    """
    is_data = answer.status == 200 and not is_page(answer)
    body = SECRETS.redact_body(answer.body, is_data=is_data)
    if is_data and body != answer.body:
        logger.warning("An answer of Acumatica repeats a secret of ours; it is hidden in what is copied")
    headers = {redact(name): redact(value) for name, value in answer.headers.items()}
    return replace(answer, headers=CaseInsensitiveDict(headers), body=body)
