"""Tables of dealer contacts."""

from __future__ import annotations
