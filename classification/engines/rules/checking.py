"""What is wrong with a rule, before it is saved or published."""

from classification.engines.rules.document import Document, RuleEntry
from classification.engines.rules.engine import Rules


def check_rule(rule: RuleEntry, document: Document) -> list[str]:
    """Sentences about texts of its own that `rule` does not treat as it says, with the lexicon of `document`."""
    alone = Rules(document.model_copy(update={"rules": (rule,)}))
    missed = [f"It does not fit “{text}”." for text in rule.should_match if not _fits(alone, rule, text)]
    caught = [f"It fits “{text}”." for text in rule.should_not_match if _fits(alone, rule, text)]
    return missed + caught


def _fits(rules: Rules, rule: RuleEntry, text: str) -> bool:
    return any(hit["rule"] == rule.name for hit in rules.read([text]).trace["hits"])
