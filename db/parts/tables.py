"""Tables of parts orders and parts claims."""

from __future__ import annotations
