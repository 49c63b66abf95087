"""The admin: conversations to look at, channels to set up, and what an operator may do about a stuck batch."""

from batches.admin import auth, batches, channels, consent, keywords, lockouts, messages, queue, rejected  # noqa: F401 (they register themselves)
