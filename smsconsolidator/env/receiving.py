"""What is received, how much of it, and how it becomes batches."""

from typing import Literal

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import Region, TimeZone, WebhookToken


class Receiving(Group):
    consolidation_window: int = Field(60, ge=1, le=3600, examples=["60"])
    default_region: Region = Field("PH", examples=["PH"])
    provider_time_zone: TimeZone = Field("Asia/Manila", examples=["Asia/Manila"])
    webhook_max_bytes: int = Field(1_048_576, ge=1024, examples=["1048576"])
    webhook_max_messages: int = Field(500, ge=1, le=2000, examples=["500"])
    webhook_token: WebhookToken = Field(SecretStr(""), examples=["24-or-more-random-letters-and-digits"])
    webhook_open: bool = Field(False, examples=["false"])
    webhook_failures_per_minute: int = Field(20, ge=1, examples=["20"])
    api_requests_per_minute: int = Field(300, ge=1, le=100_000, examples=["300"])
    ingest_sender_per_minute: int = Field(30, ge=1, examples=["30"])
    ingest_channel_per_minute: int = Field(6000, ge=1, examples=["6000"])
    rejected_keep_rows: int = Field(1000, ge=0, examples=["1000"])
    rejected_keep_days: int = Field(30, ge=1, le=3650, examples=["30"])
    spool_path: str = Field("run/spool.sqlite3", examples=["/var/lib/smsconsolidator/spool.sqlite3"])
    spool_max_bytes: int = Field(268_435_456, ge=65_536, examples=["268435456"])
    spool_max_messages: int = Field(100_000, ge=1, examples=["100000"])
    batch_lease_seconds: float = Field(60, gt=0, examples=["60"])
    batch_max_attempts: int = Field(3, ge=1, le=20, examples=["3"])
    adaptive_window: Literal["off", "shadow", "on"] = Field("off", examples=["shadow"])
    adaptive_quiet_seconds: float = Field(10, ge=2, le=600, examples=["10"])
