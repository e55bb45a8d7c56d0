"""Fills an empty database with as many records as a large network has, set-based; see build.py."""
