"""Tables of claim payments."""

from __future__ import annotations
