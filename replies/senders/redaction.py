"""Secrets do not leave the place where they are used."""

import json
import re
from html import escape
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"


def redact(text: str, secret: str) -> str:
    """`text` without `secret`, also where it is quoted encoded (URL, JSON, HTML) or in another case."""
    in_json = json.dumps(secret)[1:-1]
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        in_json,
        in_json.replace("/", "\\/"),
        escape(secret),
    }
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, REDACTED, text, flags=re.IGNORECASE)
