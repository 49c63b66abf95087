"""How long what people wrote is kept."""

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import ErasureKey


class Keeping(Group):
    message_keep_days: int = Field(0, ge=0, le=36_500, examples=["90"])
    erasure_key: ErasureKey = Field(SecretStr(""), examples=["a random text of 50 or more characters"])
    tasks_keep_days: int = Field(30, ge=1, le=3650, examples=["30"])
