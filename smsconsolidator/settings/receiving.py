"""What is received, how much of it, and how it becomes batches."""

from smsconsolidator.env import BASE_DIR
from smsconsolidator.settings.given import ENV

CONSOLIDATION_WINDOW = ENV.consolidation_window
DEFAULT_REGION = ENV.default_region
PROVIDER_TIME_ZONE = ENV.provider_time_zone
WEBHOOK_MAX_BYTES = ENV.webhook_max_bytes
WEBHOOK_MAX_MESSAGES = ENV.webhook_max_messages
WEBHOOK_TOKEN = ENV.webhook_token.get_secret_value()
WEBHOOK_OPEN = ENV.webhook_open
WEBHOOK_FAILURES_PER_MINUTE = ENV.webhook_failures_per_minute
INGEST_SENDER_PER_MINUTE = ENV.ingest_sender_per_minute
INGEST_CHANNEL_PER_MINUTE = ENV.ingest_channel_per_minute
REJECTED_KEEP_ROWS = ENV.rejected_keep_rows
REJECTED_KEEP_DAYS = ENV.rejected_keep_days
SPOOL_PATH = BASE_DIR / ENV.spool_path
SPOOL_MAX_BYTES = ENV.spool_max_bytes
SPOOL_MAX_MESSAGES = ENV.spool_max_messages
BATCH_LEASE_SECONDS = ENV.batch_lease_seconds
BATCH_MAX_ATTEMPTS = ENV.batch_max_attempts
ADAPTIVE_WINDOW = ENV.adaptive_window
ADAPTIVE_QUIET = ENV.adaptive_quiet_seconds
