"""How well verdicts fit what people say."""
