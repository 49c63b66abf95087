"""What is known of the person who is answered, besides the number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addressee:
    """`name` and `language` (a code) are empty where they are not known.

    `no_auto_replies`: nothing automatic is sent. `is_vip`: a person answers.
    """

    name: str = ""
    language: str = ""
    no_auto_replies: bool = False
    is_vip: bool = False


ANYBODY = Addressee()
