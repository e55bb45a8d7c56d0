"""What several pages of one area draw alike. A file here may ask its area's queries, commands, flow and rules."""
