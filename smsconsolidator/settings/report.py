"""The daily report and the mail server that takes it."""

from smsconsolidator.env import mail_server
from smsconsolidator.settings.given import ENV

REPORT_EMAIL_TO = ENV.as_list("report_email_to")
REPORT_EMAIL_AT = ENV.report_email_at
REPORT_TIME_ZONE = ENV.report_time_zone or ENV.provider_time_zone
EMAIL_TIMEOUT = 10  # seconds, for each step of the conversation with the mail server
MAIL = mail_server(ENV)
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starttls, MAIL.tls
DEFAULT_FROM_EMAIL = MAIL.sender
