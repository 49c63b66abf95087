"""The command words that come with the software.

Stop: what Twilio, Telnyx and AWS demand and 47 CFR 64.1200(a)(10) names; then French, Spanish, Portuguese, Swedish
and Filipino. YES is switched off: providers take it for START, and here it is the answer that people are asked for.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections, transaction

from batches.choices import Command
from batches.models import Keyword, ShippedKeyword
from classification.folding import fold

SHIPPED: dict[tuple[Command, str], tuple[str, ...]] = {
    (Command.STOP, "en"): (
        "STOP", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPT OUT", "REMOVE", "TD",
    ),
    (Command.STOP, "fr"): ("ARRET", "ARRETE", "ARRETT"),
    (Command.STOP, "es"): ("ALTO", "BAJA"),
    (Command.STOP, "pt"): ("PARAR", "SAIR"),
    (Command.STOP, "sv"): ("STOPP",),
    (Command.STOP, "tl"): (
        "TIGIL", "TIGIL NA", "ITIGIL", "ITIGIL NA", "HINTO", "HINTO NA", "IHINTO", "AYAW NA",
        "WAG NA MAG TEXT", "HUWAG NA MAG TEXT", "WAG NA KAYO MAG TEXT", "HUWAG NA KAYO MAG TEXT",
    ),
    (Command.START, "en"): ("START", "UNSTOP"),
    (Command.HELP, "en"): ("HELP", "INFO"),
}  # fmt: skip
OFF = {(Command.START, "en"): ("YES",)}


def sync(using: str = "default", **_kwargs: Any) -> None:
    """Add the words that this version brings and no version before it; each once, for ever."""
    if ShippedKeyword._meta.db_table not in connections[using].introspection.table_names():
        return  # another application alone is being migrated
    before = set(ShippedKeyword.objects.values_list("folded", flat=True))
    new = [row for row in _rows() if row.folded not in before]
    if new:
        _add(new)


def _rows() -> Iterator[Keyword]:
    for shipped, enabled in ((SHIPPED, True), (OFF, False)):
        for (action, language), words in shipped.items():
            for word in words:
                yield Keyword(action=action, language=language, word=word, folded=fold(word), enabled=enabled)


@transaction.atomic
def _add(rows: list[Keyword]) -> None:
    """Another node may be migrating as well, and an operator may have added the word before."""
    Keyword.objects.bulk_create(rows, ignore_conflicts=True)
    marks = [ShippedKeyword(folded=row.folded) for row in rows]
    ShippedKeyword.objects.bulk_create(marks, ignore_conflicts=True)
