"""Charts: each module builds a Vega-Lite specification with Altair once and keeps it as a dict, drawn with any data.

Building and validating a chart with Altair costs about 14 ms each time (performance.md 0.3), so the specification is
cached and the rows travel separately as an Arrow table.
"""
