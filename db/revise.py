"""Writes the next migration from what the tables declare: `python -m db.revise "What changes"`."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from alembic import command
from alembic.script import Script

from db.core.session import make_engine
from db.migrate import HERE, _config, newest, upgrade

NOTHING = re.compile(r'def upgrade\(\) -> None:\n    """Apply."""\n(?:    # .*\n)*    pass\n')


def revise(message: str, *, folder: Path = HERE / "versions") -> Path:
    """Compare a scratch database of the newest schema with the declarations and write the difference as a revision.

    Gives the file's path. ValueError when there is no difference, or `message` holds no letter.
    """
    slug = "_".join(re.findall(r"[a-z0-9]+", message.lower()))
    if not slug:
        raise ValueError("say in a few words what changes")
    number = f"{int(newest()) + 1:04}"
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{Path(scratch) / 'scratch.db'}"
        upgrade(url)
        engine = make_engine(url)
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            with redirect_stdout(io.StringIO()):  # Alembic names a file that is given another name below
                made = command.revision(config, message=message.strip(), autogenerate=True, rev_id=number)
        engine.dispose()
    assert isinstance(made, Script)
    written = Path(made.path)
    text = written.read_text(encoding="utf-8")
    written.unlink()
    if NOTHING.search(text):
        raise ValueError("the newest schema is what the tables declare; there is nothing to change")
    target = folder / f"{number}_{slug}.py"
    target.write_text(_tidy(text), encoding="utf-8")
    return target


def _tidy(text: str) -> str:
    """A migration stands by itself: it names the database's types, not ours, which may change later."""
    text = text.replace("db.core.types.UtcDateTime(timezone=True)", "sa.DateTime(timezone=True)")
    text = text.replace("astext_type=Text()", "astext_type=sa.Text()")
    text = re.sub(r" *# ### .*\n", "", text)
    return re.sub(r"^(?:import db\.core\.types|from sqlalchemy import Text)\n", "", text, flags=re.MULTILINE)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{revise(' '.join(sys.argv[1:]))}\nRead it, format it (make format), run make test.\n")
    except ValueError as error:
        sys.exit(f"Nothing was written: {error}.")
