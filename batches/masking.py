"""Numbers that a log line, a report or a file may show without telling whose they are."""

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from classification.phone_number import PHONE_NUMBER


def mask_number(number: str) -> str:
    """A phone number with only its country code (when written with +) and last two digits: +63********67.

    Seven characters or fewer, as short codes have, are masked as a whole.
    """
    if len(number) <= 7:
        return "*" * len(number)
    shown = _country_code(number)
    return shown + "*" * (len(number) - len(shown) - 2) + number[-2:]


def mask_numbers(text: str) -> str:
    """Free text with every run of seven or more digits masked like a phone number."""
    return PHONE_NUMBER.sub(lambda match: mask_number(match[0]), text)


def _country_code(number: str) -> str:
    """The + and the ITU-T E.164 country code that `number` begins with, else nothing."""
    if number[0] != "+":
        return ""
    for length in (2, 3, 4):
        code = number[1:length]
        if code.isascii() and code.isdigit() and int(code) in COUNTRY_CODE_TO_REGION_CODE:
            return number[:length]
    return ""
