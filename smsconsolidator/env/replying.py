"""Whether, when, how often, with what and through whom senders are answered."""

from datetime import time
from decimal import Decimal
from typing import Literal

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import CommaList, WebUrl


class Replying(Group):
    sms_auto_reply_enabled: bool = Field(False, examples=["true"])
    sms_auto_reply_text: str = Field("", max_length=1600, examples=["Thank you, we will call you."])
    opt_out_scope: Literal["channel", "account"] = Field("channel", examples=["account"])
    opt_out_text: str = Field(
        "You will get no more automatic replies. Text START to resume.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic: you will get no more automatic replies. Text START to resume."],
    )
    opt_in_text: str = Field(
        "You will get automatic replies again. Text STOP to end them.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic: you will get automatic replies again. Text STOP to end them."],
    )
    help_text: str = Field(
        "Texts to this number are answered automatically. Text STOP to get no more automatic replies, START to resume.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic, (02) 8123 4567. Text STOP to get no more automatic replies."],
    )
    sms_sender: Literal["", "console", "smsmobileapi", "smsgate", "memory"] = Field(
        "", examples=["smsmobileapi"]
    )
    sms_mobile_api_key: SecretStr = Field(SecretStr(""), examples=["the key of your SMSMobileAPI account"])
    sms_mobile_api_url: WebUrl = Field(
        "https://api.smsmobileapi.com/sendsms/", examples=["https://api.smsmobileapi.com/sendsms/"]
    )
    sms_max_segments: int = Field(3, ge=1, le=10, examples=["3"])
    sms_segment_price: Decimal | None = Field(None, ge=0, le=1_000_000, examples=["0.50"])
    sms_currency: str = Field("PHP", pattern=r"^[A-Z]{3}$", examples=["PHP"])
    sms_timeout: float = Field(10, gt=0, le=20, examples=["10"])
    sms_sends_per_minute: float = Field(0, ge=0, le=60_000, examples=["30"])
    reply_expires_minutes: float = Field(360, gt=0, le=10_080, examples=["360"])
    stale_after_minutes: float = Field(60, gt=0, le=525_600, examples=["60"])
    stale_policy: Literal["answer", "hold", "skip"] = Field("hold", examples=["hold"])
    quiet_policy: Literal["answer", "hold", "drop"] = Field("answer", examples=["hold"])
    quiet_from: time = Field(time(21), examples=["21:00"])
    quiet_until: time = Field(time(7), examples=["07:00"])
    sender_replies_per_minute: int = Field(1, ge=0, le=1000, examples=["1"])
    sender_replies_per_hour: int = Field(6, ge=0, le=10_000, examples=["6"])
    sender_replies_per_day: int = Field(20, ge=0, le=100_000, examples=["20"])
    repeated_texts: int = Field(3, ge=0, le=100, examples=["3"])
    mute_hours: float = Field(24, gt=0, le=8760, examples=["24"])
    breaker_replies_per_minute: int = Field(600, ge=0, le=1_000_000, examples=["600"])
    automatic_phrases: CommaList = Field("", examples=["this is a robot,ako po ay robot"])
    supersede_unsent: bool = Field(True, examples=["true"])
    follow_up_minutes: float = Field(60, ge=0, le=10_080, examples=["60"])
    follow_up_unchanged: Literal["answer", "record"] = Field("answer", examples=["answer"])
    sms_gate_url: WebUrl = Field(
        "https://api.sms-gate.app/3rdparty/v1", examples=["http://192.168.1.20:8080"]
    )
    sms_gate_user: str = Field("", examples=["the user name that the app shows"])
    sms_gate_password: SecretStr = Field(SecretStr(""), examples=["the password that the app shows"])
    sms_gate_device_id: str = Field("", examples=["the device id that the app shows"])
