"""Who says what a text means."""

from smsconsolidator.settings.given import ENV

CLASSIFICATION_MODE = ENV.classification_mode
CLASSIFICATION_MEMORY = ENV.classification_memory
CLASSIFICATION_REVIEW_SAMPLE = ENV.classification_review_sample
OPENAI_API_KEY = ENV.openai_api_key.get_secret_value()
OPENAI_KIND = ENV.openai_kind
OPENAI_MODEL = ENV.openai_model
OPENAI_BASE_URL = ENV.openai_base_url
OPENAI_TIMEOUT = ENV.openai_timeout
OPENAI_DEADLINE = ENV.openai_deadline
OPENAI_BREAKER_FAILURES = ENV.openai_breaker_failures
OPENAI_BREAKER_SECONDS = ENV.openai_breaker_seconds
OPENAI_TEMPERATURE = ENV.openai_temperature
OPENAI_REASONING_EFFORT = ENV.openai_reasoning_effort
OPENAI_MASK = ENV.openai_mask
