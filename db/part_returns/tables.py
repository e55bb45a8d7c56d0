"""Tables of parts returns."""

from __future__ import annotations
