"""An engine for the case that the rules break, which no setting brings about."""

from collections.abc import Sequence

from classification.engines.base import Context, Endpoint, EngineError, Verdict


class Broken:
    """Takes its turn as any engine, and has no verdict."""

    def preload(self) -> None:
        """Nothing to load."""

    def endpoint(self) -> Endpoint | None:
        return None

    def classify(self, texts: Sequence[str], context: Context) -> Verdict:
        raise EngineError("broken", "out of order")
