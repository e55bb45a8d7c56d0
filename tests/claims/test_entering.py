"""Entering claims: kept drafts, problems at their field, one repair order once, further versions, files."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, select, update

from db.claims.attachment_commands import add_attachment, fetch_attachment, remove_attachment
from db.claims.claim_queries import get_claim, list_claims, preview
from db.claims.draft_commands import save_draft
from db.claims.picture_hash import distance, picture_hash
from db.claims.tables import Claim, ClaimAttachment, ClaimCharge
from db.claims.version_commands import begin_debit, begin_supplement
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.documents.named_files import named_files
from tests.claims.factories import JOB, LABOUR, NOW, claim_of, draft, saved
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person


@pytest.fixture
@begun
def people(engine: Engine):
    own, other = make_dealer(engine), make_dealer(engine, code="00999")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    return own, actor_named(engine, "dora"), actor_named(engine, "nora")


def settled(engine: Engine, dealer: int, actor) -> int:
    claim_id = saved(engine, dealer_id=dealer, actor=actor)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Claim).where(Claim.id == claim_id).values(status="approved", approved_cents=720_00))
        session.execute(update(ClaimCharge).values(approved_cents=ClaimCharge.claimed_cents))
    return claim_id


def test_a_form_makes_one_claim_and_nobody_elses_key_opens_it(engine: Engine, people):
    own, dora, nora = people
    first = saved(engine, dealer_id=own, actor=dora)
    assert saved(engine, dealer_id=own, actor=dora) == first
    with pytest.raises(NotFound):
        saved(engine, dealer_id=own, actor=nora)
    with reading(engine) as session:
        assert [c.id for c in list_claims(session, scope=dora.scope, statuses=("draft",))] == [first]
        assert list_claims(session, scope=nora.scope, statuses=("draft",)) == []
        with pytest.raises(NotFound):
            get_claim(session, item_id=first, actor=nora, now=NOW)
        with pytest.raises(NotFound):
            preview(session, draft(), dealer_id=own, actor=nora, now=NOW)


def test_a_stale_tab_saves_nothing(engine: Engine, people):
    own, dora, _ = people
    claim_id = saved(engine, dealer_id=own, actor=dora)
    more: Any = {"dealer_id": own, "actor": dora, "now": NOW, "form_key": "x", "claim_id": claim_id, "seen_version": 1}
    run(save_draft, bind=engine, draft=draft(note="first tab"), **more)
    with pytest.raises(Stale):
        run(save_draft, bind=engine, draft=draft(note="second tab"), **more)
    assert claim_of(engine, claim_id).note == "first tab"


WRONG = [
    ({"claim_type": "gift"}, "claim_type"),
    ({"claim_type": "debit"}, "claim_type"),
    ({"odometer_in": -1}, "odometer_in"),
    ({"ro_number": "9" * 41}, "ro_number"),
    ({"jobs": (replace(JOB, complaint="x" * 4001),)}, "jobs.1.complaint"),
    ({"jobs": tuple(replace(JOB, position=i) for i in range(1, 102))}, "jobs"),
    ({"charges": (replace(LABOUR, unit_cents=-1),)}, "charges.1.unit_cents"),
    ({"charges": (replace(LABOUR, kind="gift"),)}, "charges.1.kind"),
    ({"charges": tuple(replace(LABOUR, position=i) for i in range(1, 202))}, "charges"),
]


@pytest.mark.parametrize("wrong, field", WRONG)
def test_what_cannot_be_stored_says_where(engine: Engine, people, wrong, field):
    own, dora, _ = people
    with pytest.raises(Refused) as refusal:
        saved(engine, dealer_id=own, actor=dora, **wrong)
    assert field in [p.field for p in refusal.value.problems]
    with reading(engine) as session:
        assert session.scalar(select(Claim.id)) is None


@pytest.mark.parametrize("begin, total", [(begin_supplement, 0), (begin_debit, -720_00)])
def test_a_settled_claim_gets_one_further_version_at_a_time(engine: Engine, people, begin, total):
    own, dora, nora = people
    claim_id = settled(engine, own, dora)
    more: Any = {"claim_id": claim_id, "now": NOW}
    with pytest.raises(NotFound):
        run(begin, bind=engine, actor=nora, form_key="n", **more)
    made = run(begin, bind=engine, actor=dora, form_key="k", **more)
    assert run(begin, bind=engine, actor=dora, form_key="k", **more) == made
    version = claim_of(engine, made)
    assert version.number == f"{claim_of(engine, claim_id).number}-2"
    assert (version.family_id, version.original_id, version.series_version) == (claim_id, claim_id, 2)
    assert version.claimed_cents == total
    with pytest.raises(Refused, match="still being worked on"):
        run(begin, bind=engine, actor=dora, form_key="k2", **more)


def test_a_draft_gets_no_further_version(engine: Engine, people):
    own, dora, _ = people
    claim_id = saved(engine, dealer_id=own, actor=dora)
    with pytest.raises(Refused, match="not settled"):
        run(begin_debit, bind=engine, claim_id=claim_id, form_key="k", actor=dora, now=NOW)


def picture(size: int, *, turned: bool = False) -> bytes:
    shade = Image.linear_gradient("L").rotate(90 if turned else 0).resize((size, size))
    out = io.BytesIO()
    shade.convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_files_are_named_to_the_sweep_kept_in_scope_and_taken_out_with_a_reason(engine: Engine, people):
    own, dora, nora = people
    claim_id = saved(engine, dealer_id=own, actor=dora)
    more: Any = {"claim_id": claim_id, "kind": "photo", "file_name": "a.png", "content": picture(64), "now": NOW}
    made = run(add_attachment, bind=engine, actor=dora, form_key="a", **more)
    assert run(add_attachment, bind=engine, actor=dora, form_key="a", **more) == made
    with pytest.raises(Refused, match="this very file"):
        run(add_attachment, bind=engine, actor=dora, form_key="b", **more)
    with pytest.raises(NotFound):
        run(fetch_attachment, bind=engine, attachment_id=made, actor=nora, now=NOW)
    got = run(fetch_attachment, bind=engine, attachment_id=made, actor=dora, now=NOW)
    assert got.content == more["content"]
    with reading(engine) as session:
        stored = session.get_one(ClaimAttachment, made).stored_name
        assert stored in [one.stored_name for one in named_files(session)]
    with pytest.raises(Refused):
        run(remove_attachment, bind=engine, attachment_id=made, reason=" ", actor=dora, now=NOW)
    run(remove_attachment, bind=engine, attachment_id=made, reason="Wrong car", actor=dora, now=NOW)
    with reading(engine) as session:
        left = get_claim(session, item_id=claim_id, actor=dora, now=NOW).files
    assert [one.kind for one in left] == ["ro_copy"]


def test_a_picture_keeps_its_fingerprint_in_another_size():
    same, other = picture_hash(picture(300, turned=True)), picture_hash(picture(90, turned=True))
    assert distance(same, other) <= 6
    assert picture_hash(b"no picture") == ""
