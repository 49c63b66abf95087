"""How many SQL statements a post costs. Run by itself (`python -m bench.statements`), it prints JSON.

It posts through Django's test client, in this process, to the database of DATABASE_URL.
"""

import json
import logging
from pathlib import Path

import django

from bench import processes
from bench.figures import Figure
from bench.scene import Plan, scene
from bench.traffic import PATH, TOKEN, Message, Traffic, body

LIST_SIZE = 50
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
Counts = dict[str, int]


def measure(plan: Plan, directory: Path) -> list[Figure]:
    """Statements of one post, without those that only begin and end a transaction."""
    with scene(plan, directory, "statements") as place:
        counts: dict[str, Counts] = json.loads(
            processes.run(place.site, "-m", "bench.statements").splitlines()[-1]
        )
    figures = []
    for name, count in counts.items():
        most = count["statements"]
        met = most <= 3 if name.startswith("single") else None
        figures.append(
            Figure(
                f"SQL statements, {name}", "number", most, target="≤ 3" if met is not None else "", met=met
            )
        )
        figures.append(Figure(f"… and for the transaction, {name}", "number", count["transaction"]))
    return figures


def main() -> None:
    """Count in this process and print the counts as JSON in the last line."""
    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
    traffic = Traffic("statements")
    count_post(traffic.take(16))  # the first post also fills what is cached
    first, second = traffic.take(32, 2)[0], traffic.take(16)[0]
    same_sender = Message(second.guid, first.number, second.text)
    counts = {
        "single post that opens a batch": count_post([first]),
        "single post that joins one": count_post([same_sender]),
        f"list of {LIST_SIZE}": count_post(traffic.take(LIST_SIZE, 3)),
    }
    print(json.dumps(counts))


def count_post(messages: list[Message]) -> Counts:
    """The statements of one accepted post. Raises ValueError when it is not accepted."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        answer = Client(headers={"host": "127.0.0.1", "x-webhook-token": TOKEN}).post(
            PATH, json.dumps(body(messages)), content_type="application/json"
        )
    if answer.status_code != 200:
        raise ValueError(f"the webhook answered {answer.status_code}: {answer.content[:500]!r}")
    words = [query["sql"].split()[0].upper() for query in captured.captured_queries]
    transaction = sum(word in TRANSACTION for word in words)
    return {"statements": len(words) - transaction, "transaction": transaction}


if __name__ == "__main__":
    main()
