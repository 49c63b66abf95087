"""Reading the environment, and telling an operator what is wrong with it."""

import os
from typing import Any, get_args

from django.core.exceptions import ImproperlyConfigured
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from smsconsolidator.env.environment import Environment
from smsconsolidator.env.lines import unreadable
from smsconsolidator.env.paths import ENV_FILE


def load() -> Environment:
    """Read and check the environment.

    Raises ImproperlyConfigured with one line for each wrong value: its name, what is wrong, an example; or for each
    line of `.env` that cannot be read.
    """
    try:
        if problems := "\n".join(f"  {sentence}" for sentence in unreadable(ENV_FILE)):
            raise ImproperlyConfigured(f"Lines of {ENV_FILE} cannot be read:\n{problems}")
        return Environment()
    except ValidationError as error:
        problems = "\n".join(_explain(dict(item)) for item in error.errors())
        raise ImproperlyConfigured(f"The settings cannot be used:\n{problems}") from None


def _explain(error: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    field = Environment.model_fields[name]
    problem = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        problem = f"is missing; set it in the environment or in {ENV_FILE}"
    example = f"{name.upper()}={field.examples[0] if field.examples else ''}"
    return f"  {name.upper()}: {problem}{_given(name, field, error)}. Example: {example}"


def _given(name: str, field: FieldInfo, error: dict[str, Any]) -> str:
    """The value as given and where, never a secret's."""
    if error["type"] == "missing":
        return ""
    place = "in the environment" if name.upper() in os.environ else f"in {ENV_FILE.name}"
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    return f" (given {place})" if secret else f" (given {place}: {str(error['input'])[:80]!r})"
