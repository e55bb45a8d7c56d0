"""Checklists: template versions and what was made of them."""

from __future__ import annotations
