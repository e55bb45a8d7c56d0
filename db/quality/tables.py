"""Tables of response quality."""
