"""What the admin looks like."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "smsconsolidator",
    "SITE_HEADER": "smsconsolidator",
    "SITE_SYMBOL": "forum",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("batches/favicon.svg")},
    ],
    "STYLES": [lambda _request: static("batches/banner.css")],
    "SIDEBAR": {"navigation": "batches.admin.sidebar.navigation"},
}
