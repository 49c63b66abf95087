"""What a browser may do with the admin's pages."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# docs/security.md tells how each allowance was found. Static files come from the same address.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, UNSAFE_EVAL],  # the theme's Alpine.js makes functions of its pages' attributes
        "style-src": [
            SELF,
            UNSAFE_INLINE,
        ],  # the theme's colours (<style>), htmx's indicator, widths (style="…")
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],  # the theme's search box (Ctrl-K)
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
