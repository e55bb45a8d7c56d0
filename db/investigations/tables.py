"""Tables of investigations."""

from __future__ import annotations
