"""POST /intake/adf: each answer means what it says, and nothing is half done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from sqlalchemy import Engine, select
from starlette.applications import Starlette

from db.core import timeline
from db.core.problems import Refused
from db.core.session import reading, run
from db.imports.tables import ImportBatch, ImportFile, ImportRow
from db.leads.http_routes import PATH, routes
from db.leads.provider_commands import authenticate, create_provider, renew_token, set_provider_active
from db.leads.provider_queries import list_providers
from db.leads.tables import Lead, LeadProvider
from tests.leads.factories import make_network
from tests.leads.intake_examples import CLI, NOW, count, document, later, make_dealers, prospect
from tests.support.again import begun


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def post(engine: Engine, body: bytes | list[bytes], *, token: str = "", method: str = "POST", **headers: str) -> Answer:
    """Send a request through the real ASGI route; a list of bytes is sent piece by piece."""
    app = Starlette(routes=routes(lambda: NOW, bind=engine))
    pieces = body if isinstance(body, list) else [body]
    sent: list[Any] = []
    read: list[int] = []

    async def pieces_of() -> AsyncIterator[dict[str, Any]]:
        for number, piece in enumerate(pieces):
            read.append(number)
            yield {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
        while True:
            yield {"type": "http.disconnect"}

    stream = pieces_of()

    async def receive() -> Any:
        return await anext(stream)

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"authorization": f"Bearer {token}"} if token else {}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": PATH,
        "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "scheme": "http", "server": ("test", 80),
        "client": ("127.0.0.1", 1), "headers": [(k.encode(), v.encode()) for k, v in {**given, **headers}.items()],
    }  # fmt: skip
    anyio.run(app, scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    content = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    answer = Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, {"pieces_read": len(read)})
    return (
        answer
        if start["status"] == 405
        else Answer(answer.status, answer.headers, {**json.loads(content or b"{}"), **answer.body})
    )


@pytest.fixture
@begun
def token(engine: Engine) -> str:
    make_dealers(engine)
    return run(create_provider, bind=engine, name="Cars.com", actor=CLI, now=NOW).token


def test_a_lead_is_taken_in(engine: Engine, token: str):
    raw = document(prospect(vendor_id="00101", provider=""))
    answer = post(engine, raw, token=token)
    assert answer.status == 201
    with reading(engine) as session:
        lead = session.scalars(select(Lead)).one()
        assert (answer.body["lead_ids"], answer.body["numbers"]) == ([lead.id], [lead.number])
        assert (lead.channel, lead.source, lead.status) == ("http", "Cars.com", "assigned")
        batch = session.get_one(ImportBatch, answer.body["batch"])
        assert (batch.channel, batch.created) == ("http", 1)
        assert session.scalars(select(ImportFile.content)).one() == raw
        assert session.scalars(select(LeadProvider.last_used_at)).one() == NOW
        entry = session.scalars(select(timeline.TimelineEntry).order_by(timeline.TimelineEntry.seq.desc())).first()
        assert entry is not None
        assert (entry.actor_name, entry.source) == ("Cars.com", "http")


def test_the_same_again_is_no_new_lead(engine: Engine, token: str):
    first = post(engine, document(prospect()), token=token)
    again = post(engine, document(prospect()), token=token)
    assert (first.status, again.status) == (201, 200)
    assert again.body["lead_ids"] == first.body["lead_ids"]
    assert (again.body["duplicates"], count(engine, Lead)) == (1, 1)


@pytest.mark.parametrize("given", ["", "wrong", "lead_" + "x" * 43, "x" * 5000])
def test_without_a_token_nothing_is_read(engine: Engine, token: str, given: str):
    answer = post(engine, document(prospect()), token=given)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.body["pieces_read"] == 0
    assert (count(engine, Lead), count(engine, ImportBatch)) == (0, 0)


def test_another_scheme_is_no_token(engine: Engine, token: str):
    assert post(engine, document(prospect()), authorization=f"Basic {token}").status == 401
    assert post(engine, document(prospect()), authorization=f"bearer {token}").status == 201


def test_a_stopped_sender_is_turned_away(engine: Engine, token: str):
    with reading(engine) as session:
        sender = authenticate(session, token=token)
        assert sender is not None
    switch: dict[str, Any] = {"bind": engine, "provider_id": sender.provider_id, "actor": CLI, "now": NOW}
    run(set_provider_active, is_active=False, reason="Contract ended", **switch)
    assert post(engine, document(prospect()), token=token).status == 401
    run(set_provider_active, is_active=True, reason="Contract renewed", **switch)
    assert post(engine, document(prospect()), token=token).status == 201


def test_a_renewed_token_ends_the_old_one(engine: Engine, token: str):
    with reading(engine) as session:
        line = list_providers(session, actor=CLI)[0]
        assert session.scalars(select(LeadProvider.token_hash)).one() != token
    renewed = run(renew_token, bind=engine, provider_id=line.provider_id, seen_hint=line.token_hint, actor=CLI, now=NOW)
    assert post(engine, document(prospect()), token=token).status == 401
    assert post(engine, document(prospect()), token=renewed.token).status == 201
    with pytest.raises(Refused):
        run(renew_token, bind=engine, provider_id=line.provider_id, seen_hint=line.token_hint, actor=CLI, now=NOW)


def test_too_large_is_told_before_it_is_read(engine: Engine, token: str):
    announced = post(engine, b"x", token=token, **{"content-length": str(2 * 1024 * 1024 + 1)})
    assert (announced.status, announced.body["pieces_read"]) == (413, 0)
    streamed = post(engine, [b"x" * 512 * 1024] * 40, token=token)
    assert streamed.status == 413
    assert streamed.body["pieces_read"] == 5
    assert count(engine, ImportBatch) == 0


REFUSED = [
    ("nothing", b"", "empty"),
    ("no XML", b"hello", "not_adf"),
    ("a document type", b"<!DOCTYPE adf [<!ENTITY x 'y'>]><adf><prospect/></adf>", "dtd_forbidden"),
    ("unclosed", b"<adf><prospect>", "malformed"),
    ("nobody to answer", document(prospect(name="", email="", phone="")), "no_contact"),
]


@pytest.mark.parametrize(("raw", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_used_is_explained_and_kept(engine: Engine, token: str, raw: bytes, code: str):
    answer = post(engine, raw, token=token)
    assert answer.status == 422
    problem = answer.body["problems"][0]
    assert problem["code"] == code
    assert problem["message"]
    assert "What to do:" in answer.body["bounce"]
    assert count(engine, Lead) == 0
    with reading(engine) as session:
        row = session.scalars(select(ImportRow).where(ImportRow.batch_id == answer.body["batch"])).one()
        assert (row.outcome, row.code) == ("rejected", code)
        assert session.scalars(select(ImportFile.content)).one() == raw


def test_the_good_one_of_two_is_taken(engine: Engine, token: str):
    answer = post(engine, document(prospect(name="", email="", phone=""), prospect()), token=token)
    assert (answer.status, answer.body["created"], answer.body["rejected"]) == (201, 1, 1)
    assert answer.body["problems"][0]["path"] == "prospect[1]"


def test_many_senders_of_one_lead_at_once_make_one_lead(engine: Engine, token: str):
    """R05: whoever is second sees the first, on both databases; different leads get different numbers."""
    same = [document(prospect(number="1"))] * 6
    other = [
        document(prospect(name=f"Pat {n}", email=f"pat{n}@mail.com", phone="", number=f"P{n}", postal="75201"))
        for n in range(6)
    ]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda raw: post(engine, raw, token=token), [*same, *other]))
    assert Counter(answer.status for answer in answers) == {201: 7, 200: 5}
    assert len({number for answer in answers for number in answer.body["numbers"]}) == 7
    with reading(engine) as session:
        assert timeline.verify(session).first_bad is None


def test_only_post(engine: Engine, token: str):
    assert post(engine, b"", token=token, method="GET").status == 405


def test_only_an_administrator_lets_senders_in(sqlite_engine: Engine):
    people = make_network(sqlite_engine)
    made = run(create_provider, bind=sqlite_engine, name=" Cars  .com ", actor=people.admin, now=later())
    assert made.name == "Cars .com"
    for actor in (people.manager, people.coordinator, people.staff):
        with pytest.raises(Refused) as refused:
            run(create_provider, bind=sqlite_engine, name="Other", actor=actor, now=later())
        assert refused.value.code == "not_allowed"
    with pytest.raises(Refused) as refused:
        run(create_provider, bind=sqlite_engine, name="CARS .COM", actor=people.admin, now=later())
    assert refused.value.code == "taken"
