"""The database, and the copy of it that reports are read from."""

from smsconsolidator.databases import DEFAULT, REPORTS, databases
from smsconsolidator.settings.given import ENV

DATABASES = databases(ENV)
# Where reports and replays read: Django's name of it.
REPORT_DATABASE = REPORTS if REPORTS in DATABASES else DEFAULT
