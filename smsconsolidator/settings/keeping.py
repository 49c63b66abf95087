"""How long what people wrote is kept."""

from smsconsolidator.settings.given import ENV

MESSAGE_KEEP_DAYS = ENV.message_keep_days  # 0: for ever
TASKS_KEEP_DAYS = ENV.tasks_keep_days
ERASURE_KEY = ENV.erasure_key.get_secret_value() or f"erasure {ENV.django_secret_key.get_secret_value()}"
