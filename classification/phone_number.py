"""How a phone number looks in free text.

It lives in the lowest application so that all others can build on it.
"""

import re

# Seven or more digits, as people write numbers: +63 917 123 4567, (0917) 123-4567.
PHONE_NUMBER = re.compile(r"\+?\d(?:[ ().-]{0,2}\d){6,}")
