"""Tables of appointments."""
