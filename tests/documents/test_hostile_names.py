"""R22: fifty hostile names of uploads: kept under names we made, inside the store, given back under harmless ones."""

from __future__ import annotations

import re

from sqlalchemy import select

from db.core.problems import Refused
from db.core.session import reading
from db.core.settings import settings
from db.documents import storage
from db.documents.tables import Document
from tests.documents.examples import add, fetch, pdf, seen
from tests.documents.test_content import HOSTILE
from tests.support.tier import figure
from tests.support.users import make_dealer

NAMES = [
    *HOSTILE, "....//....//x.pdf", "..%2f..%2fx.pdf", "%252e%252e/x.pdf", "..%c0%afx.pdf", "file:///etc/passwd.pdf",
    "\\\\server\\share\\x.pdf", "PRN.pdf", "AUX .pdf", "COM\u00b9.pdf", "CONIN$.pdf", "x.pdf\u202e",
    "\u2066x\u2069.pdf",
    "\ufeffx.pdf", "x\u2028y.pdf",
    "x\u0085y.pdf", "\x1b[2Jx.pdf", "x" * 255 + ".pdf",
    "\U0001f697" * 90 + ".pdf",
    "a" + "\u0301" * 120 + ".pdf", "%s%n%x.pdf", "${jndi:ldap://x}.pdf", "{{7*7}}.pdf", "' OR 1=1 --.pdf",
    "a\tb.pdf", "a/../../b.pdf", "..pdf.pdf", "x.tar.gz.pdf", "x.php.pdf", "x.pdf.pdf", "&amp;.pdf", "#x.pdf",
    "x;rm -rf ~.pdf",
]  # fmt: skip


def test_fifty_hostile_names_stay_inside_the_store(sqlite_engine):
    dealer = make_dealer(sqlite_engine)
    made, refused = {}, []
    for n, name in enumerate(NAMES):
        try:
            found = add(sqlite_engine, dealer, file_name=name, title=f"Paper {n}", content=pdf(f"paper {n}"))
        except Refused as refusal:
            refused.append((name, str(refusal)))
        else:
            made[found] = n
    assert all("no ending" in words for _, words in refused), "a name without an ending is asked for one"
    root = settings().documents.resolve()
    with reading(sqlite_engine) as session:
        stored = dict(session.execute(select(Document.id, Document.stored_name)).all())
    inside = [one for one in storage.walk() if re.fullmatch(r"[0-9a-f]{32}", one.stored_name)]
    beside = {path for path in root.parent.rglob("*") if path.is_file() and root not in path.resolve().parents}
    outside = sorted(path.name for path in beside if not path.name.startswith("dealer.db"))
    figure("R22", "hostile names kept inside the store", len(inside))
    figure("R22", "files outside the store", len(outside))
    assert {one.stored_name for one in inside} >= set(stored.values())
    assert outside == []
    assert len(made) >= 50
    for document_id, n in made.items():
        taken = fetch(sqlite_engine, document_id)
        assert taken.content == pdf(f"paper {n}")
        assert not set(taken.name) & set('<>:"/\\|?*%\r\n\0')
        assert taken.name.endswith(".pdf")
        assert seen(sqlite_engine, document_id).file_name
