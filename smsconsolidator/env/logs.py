"""What log lines look like."""

from typing import Literal

from pydantic import Field

from smsconsolidator.env.group import Group


class Logs(Group):
    log_format: Literal["text", "json"] = Field("text", examples=["json"])
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", examples=["INFO"])
    log_mask: bool = Field(False, examples=["true"])
