"""Tables of marketing spend."""
