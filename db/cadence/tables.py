"""Tables of follow-up."""
