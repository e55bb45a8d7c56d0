"""How fast the desk is beside its goals: `python -m bench` measures and writes, and asserts nothing."""
