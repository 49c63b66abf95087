"""The rows that are the truth: channels, messages, batches, their history, and what was refused."""

from batches.models.batch import Batch
from batches.models.channel import Channel
from batches.models.channel_token import LABEL_LENGTH, ChannelToken
from batches.models.event import BatchEvent
from batches.models.keyword import Keyword, ShippedKeyword
from batches.models.lease import Lease
from batches.models.message import Message
from batches.models.preference import SenderPreference
from batches.models.rejection import RejectedDelivery
from batches.models.report_mail import MailStatus, ReportMail
from batches.models.takeover import Takeover
from batches.models.tally import Tally

__all__ = [
    "LABEL_LENGTH",
    "Batch",
    "BatchEvent",
    "Channel",
    "ChannelToken",
    "Keyword",
    "Lease",
    "MailStatus",
    "Message",
    "RejectedDelivery",
    "ReportMail",
    "SenderPreference",
    "ShippedKeyword",
    "Takeover",
    "Tally",
]
