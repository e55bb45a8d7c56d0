"""Charts: each module builds a Vega-Lite specification with Altair once, keeps it as a plain dict and draws it with data.

Building and validating a chart with Altair costs about 14 ms each time (performance.md 0.3), so the specification is
cached and the rows travel separately as an Arrow table.
"""
