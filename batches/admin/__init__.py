"""The admin: conversations to look at, channels to set up, and what an operator may do about a stuck batch."""

from batches.admin import (  # noqa: F401 (they register themselves)
    auth,
    batches,
    channels,
    consent,
    keywords,
    lockouts,
    messages,
    mutes,
    preferences,
    queue,
    rejected,
    switches,
    takeovers,
    templates,
)
