"""Tables of customer contacts."""
