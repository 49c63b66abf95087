"""The in-memory service that the product replaces: one process, one timer per sender, nothing stored.

Run by `uvicorn bench.baselines.fastapi_memory:app`. The window comes from CONSOLIDATION_WINDOW (seconds).
"""

import asyncio
import logging
import os
import sys
from collections import deque
from datetime import UTC, datetime

from fastapi import FastAPI
from pydantic import BaseModel

WINDOW = float(os.environ.get("CONSOLIDATION_WINDOW", "60"))
REFUSALS = ("no", "cannot", "can't", "hindi")

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("original")
app = FastAPI()
seen: deque[str] = deque(maxlen=1000)
buffers: dict[str, list["Sms"]] = {}
timers: dict[str, "asyncio.Task[None]"] = {}


class Sms(BaseModel):
    """One message as the phone gateway posts it."""

    date: str
    hour: str
    time_received: str
    message: str
    number: str
    guid: str


class SmsList(BaseModel):
    """Several messages in one post."""

    messages: list[Sms]


@app.get("/api/webhook/sms-received")
async def health() -> dict[str, str]:
    """The answer to the gateway's first call."""
    return {"status": "ok", "message": "ready", "timestamp": datetime.now(UTC).isoformat()}


@app.post("/api/webhook/sms-received")
async def receive(body: SmsList | Sms) -> dict[str, str | int]:
    """Buffer every new message and answer the counts."""
    messages = body.messages if isinstance(body, SmsList) else [body]
    processed = sum(buffer(message) for message in messages)
    skipped = len(messages) - processed
    text = f"Processed {processed} messages, skipped {skipped} duplicate"
    return {
        "status": "success",
        "message": text,
        "processed": processed,
        "skipped": skipped,
        "message_count": len(messages),
    }


def buffer(message: Sms) -> bool:
    """Put a message with its sender's others; False for a guid seen among the last thousand."""
    if message.guid in seen:
        log.info("DUPLICATE IGNORED | GUID: %s | From: %s", message.guid, message.number)
        return False
    seen.append(message.guid)
    log.info('SMS RECEIVED | From: %s | GUID: %s | Text: "%s"', message.number, message.guid, message.message)
    buffers.setdefault(message.number, []).append(message)
    if message.number not in timers:
        timers[message.number] = asyncio.create_task(consolidate(message.number))
    return True


async def consolidate(number: str) -> None:
    """Wait for the window to end, then classify what came."""
    await asyncio.sleep(WINDOW)
    messages = buffers.pop(number)
    del timers[number]
    text = "\n".join(message.message for message in messages).lower()
    result = "NOT AGREE" if any(word in text for word in REFUSALS) else "AGREE"
    log.info(
        "BATCH PROCESSING COMPLETE | From: %s | Result: %s | Messages: %s", number, result, len(messages)
    )
