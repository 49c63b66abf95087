"""Whether, when, how often, with what and through whom senders are answered."""

from smsconsolidator.settings.given import ENV

SMS_AUTO_REPLY_ENABLED = ENV.sms_auto_reply_enabled
SMS_AUTO_REPLY_TEXT = ENV.sms_auto_reply_text
OPT_OUT_SCOPE = ENV.opt_out_scope
OPT_OUT_TEXT = ENV.opt_out_text
OPT_IN_TEXT = ENV.opt_in_text
HELP_TEXT = ENV.help_text
SMS_MAX_SEGMENTS = ENV.sms_max_segments
SMS_SEGMENT_PRICE = ENV.sms_segment_price
SMS_CURRENCY = ENV.sms_currency
SMS_MOBILE_API_KEY = ENV.sms_mobile_api_key.get_secret_value()
SMS_MOBILE_API_URL = ENV.sms_mobile_api_url
SMS_TIMEOUT = ENV.sms_timeout
SMS_GATE_URL = ENV.sms_gate_url
SMS_GATE_USER = ENV.sms_gate_user
SMS_GATE_PASSWORD = ENV.sms_gate_password.get_secret_value()
SMS_GATE_DEVICE_ID = ENV.sms_gate_device_id
SMS_SENDS_PER_MINUTE = ENV.sms_sends_per_minute
REPLY_EXPIRES_AFTER = ENV.reply_expires_minutes * 60  # seconds
STALE_AFTER = ENV.stale_after_minutes * 60  # seconds
STALE_POLICY = ENV.stale_policy
QUIET_POLICY = ENV.quiet_policy
QUIET_FROM = ENV.quiet_from
QUIET_UNTIL = ENV.quiet_until
SENDER_REPLIES_PER_MINUTE = ENV.sender_replies_per_minute
SENDER_REPLIES_PER_HOUR = ENV.sender_replies_per_hour
SENDER_REPLIES_PER_DAY = ENV.sender_replies_per_day
REPEATED_TEXTS = ENV.repeated_texts
MUTE_HOURS = ENV.mute_hours
BREAKER_REPLIES_PER_MINUTE = ENV.breaker_replies_per_minute
AUTOMATIC_PHRASES = ENV.as_list("automatic_phrases")
SUPERSEDE_UNSENT = ENV.supersede_unsent
FOLLOW_UP_WITHIN = ENV.follow_up_minutes * 60  # seconds
FOLLOW_UP_UNCHANGED = ENV.follow_up_unchanged
# As in the original, a key is all that it takes to send; without one, replies are printed.
SMS_SENDER = ENV.sms_sender or ("smsmobileapi" if SMS_MOBILE_API_KEY else "console")
