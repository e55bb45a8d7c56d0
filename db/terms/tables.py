"""Terms of dealers by date, and changes that wait for a second person."""

from __future__ import annotations
