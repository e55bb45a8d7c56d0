"""What is installed is looked through once a process, not once for every page a test opens.

Each AppTest looks for components in the metadata of every installed package, which took as long as all runs of a page
together. Nothing is installed while tests run.
"""

from __future__ import annotations

from functools import cache


def scan_once() -> None:
    """Let Streamlit's search for installed components keep its answer."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
