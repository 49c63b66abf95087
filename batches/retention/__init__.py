"""How long texts are kept, and how one person's traces are taken out. Counts and the record's skeleton stay."""
