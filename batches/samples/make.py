"""Writes clinic.csv: `python -m batches.samples.make`. Seeded, so that everybody gets the same file.

People, numbers and texts are invented. How many texts a conversation has is a guess too: most people send two to four
short ones, some a single one, and few more than five.
"""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("clinic.csv")
CONVERSATIONS = 96
START = datetime(2026, 3, 2, 8, 0, 0)  # noqa: DTZ001 - a time of day without a zone, as many exports have it
TEXTS = {1: 12, 2: 20, 3: 28, 4: 22, 5: 11, 6: 7}  # texts of a conversation, and how often of a hundred
INTENTS = {"accept": 38, "refuse": 17, "postpone": 11, "ask": 13, "indirect": 15, "other": 6}

GREETINGS = [
    "Hi po", "Hello", "Good morning po", "Magandang umaga po", "Doc good pm", "Hi, si Liza po ito", "Kumusta po",
    "Good day", "hello po maam", "Si Mang Ernie ito",
]  # fmt: skip
ANSWERS = {
    "accept": [
        "Yes", "Yes po", "Oo", "Opo", "opo pupunta po ako", "Sige po", "cge", "Ok po", "Confirmed", "Yes I'll be there",
        "Sure, see you", "Sige see you po", "Go po", "Yes pls", "Oo naman", "👍", "Ok see you then", "G", "Yup",
        "I confirm", "Count me in", "Noted, pupunta kami ni nanay",
    ],
    "refuse": [
        "No", "Hindi po", "di po ako makakapunta", "Sorry I can't", "I can't make it", "Hindi pwede, may pasok ako",
        "Pass muna po", "Not available", "No thanks", "Wag na po", "Cancel ko na lang po", "di na po kailangan",
    ],
    "postpone": [
        "Next week na lang po", "Pwede po ba Thursday", "Can we move it to Friday?", "Balikan kita mamaya",
        "Not sure yet", "Depende po sa schedule", "Tanong ko muna asawa ko", "Baka sa hapon na lang",
        "I'll let you know",
    ],
    "ask": [
        "Anong oras po?", "How much po ang check-up", "Saan po ulit ang clinic", "May parking po ba?",
        "Do I need to fast?", "Sino po ang doctor", "Is it covered by PhilHealth", "Until what time po kayo open",
    ],
    "indirect": [
        "otw", "Otw na po", "malapit na kami", "nasa labas na po ako", "kakagising ko lang", "naiwan ko ID ko",
        "gutom na ko hehe", "same time as last time", "tumawag ako kanina walang sumagot", "nasa probinsya pa kami",
        "may bagyo ba", "lowbat na ko", "si kuya na lang ang sasama", "Monday is a holiday right",
        "text ko kayo pag andyan",
    ],
    "other": ["Wrong number po", "Who is this", "Happy birthday!", "Nasend ko na yung file", "Pa-load naman"],
}  # fmt: skip
REASONS = [
    "galing pa ako sa work", "may lagnat anak ko", "traffic kasi sa EDSA", "kasama ko si nanay", "9am pa rin po diba",
    "same doctor po", "naka-book na po kasi ako", "umuulan dito sa amin", "wala pong magbabantay sa bahay",
    "galing Cavite pa kami", "for my daughter po", "yung follow-up po ito", "dala ko na yung lab results",
    "I'm driving now", "nasa meeting pa po ako", "sabay na kami ng kapatid ko", "pakisabi po kay doc",
]  # fmt: skip
ENDINGS = [
    "Thank you po", "Thanks", "Salamat po", "ok", "Ok po", "ty", "God bless po", "see you", "ingat po", "🙏", "*Monday",
    "sorry typo", "hehe", "ayun", "Salamat doc",
]  # fmt: skip


def conversation(rng: Random) -> list[str]:
    """What one person sends."""
    (count,) = rng.choices(list(TEXTS), list(TEXTS.values()))
    (intent,) = rng.choices(list(INTENTS), list(INTENTS.values()))
    answer = rng.choice(ANSWERS[intent])
    before = [rng.choice(GREETINGS)] if count > 2 and rng.random() < 0.6 else []
    after = [rng.choice(ENDINGS)] if count > 1 and rng.random() < 0.8 else []
    reasons = rng.sample(REASONS, max(count - 1 - len(before) - len(after), 0))
    return [*before, answer, *reasons, *after][:count]


def messages(rng: Random) -> Iterator[tuple[str, datetime, str]]:
    """Sender, time and text of every message; each conversation well within a minute, each sender seldom twice."""
    senders = [f"+63917{rng.randrange(10**7):07}" for _ in range(CONVERSATIONS * 9 // 10)]
    at = START
    for number in range(CONVERSATIONS):
        at += timedelta(seconds=rng.randint(70, 540))
        sender = senders[number] if number < len(senders) else rng.choice(senders)
        then = at
        for text in conversation(rng):
            yield sender, then, text
            then += timedelta(seconds=rng.randint(2, 9))


def write(path: Path = FILE) -> None:
    """The file, in order of time."""
    rng = Random(20260302)  # noqa: S311 - invented texts are no secret  # nosec B311
    rows = sorted(messages(rng), key=lambda row: row[1])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sender", "time", "text"])
        writer.writerows((sender, at.isoformat(), text) for sender, at, text in rows)


if __name__ == "__main__":
    write()
