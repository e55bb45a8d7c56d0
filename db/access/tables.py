"""Tables of dealer access."""

from __future__ import annotations
