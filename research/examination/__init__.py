"""Tools of validation, each by itself: facts of the ledger in, numbers and a sentence out."""
