"""Every setting that an operator may give, typed and checked, read from the environment and `.env`.

A module for each group of them, as in `.env.example`, which lists the same variables; a test compares the two.
"""

from smsconsolidator.env.environment import Environment
from smsconsolidator.env.loading import load
from smsconsolidator.env.paths import BASE_DIR, ENV_FILE
from smsconsolidator.env.report import mail_server
from smsconsolidator.env.website import public_address

__all__ = ["BASE_DIR", "ENV_FILE", "Environment", "load", "mail_server", "public_address"]
