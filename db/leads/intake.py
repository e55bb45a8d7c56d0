"""From a lead draft to a routed lead, or to a place on the lead it repeats (domain-rules 2.2 A, C, D, E; 3.4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.area import RowOutcome
from db.core.contact import phone_texts
from db.core.labels import local_day
from db.leads import intake_facts as facts
from db.leads import score
from db.leads.adf_draft import LeadDraft
from db.leads.duplicates import Arrival, Verdict, classify
from db.leads.intake_batch import IntakeBatch, intake_batch
from db.leads.intake_history import History, stamps
from db.leads.intake_join import join
from db.leads.intake_known import KnownLead
from db.leads.intake_route import choose, clock_columns, lead_facts
from db.leads.network import NamedDealer
from db.leads.product_lines import NOT_STATED, brand_of, product_of
from db.leads.routing import Decision, LeadFacts
from db.leads.routing_text import written
from db.leads.tables import LeadContact, LeadKey, LeadVehicle

NO_CONTACT = "There is neither a phone number, nor an e-mail address, nor a name: nobody could be answered."
FOLLOWS = ("same_person_new_vehicle", "after_close")


def receive(
    session: Session, draft: LeadDraft, *, received_at: datetime, channel: str, batch_id: int | None, actor: Actor,
    now: datetime, file: str = "", row: int = 0, form_key: str | None = None, status: str | None = None,
    history: History | None = None,
) -> RowOutcome:  # fmt: skip
    """Take one prospect in, inside the caller's command, which writes the timeline entry.

    Gives what became of it: created, duplicate or updated (it joined a lead we have), or rejected with code and
    sentence. `status` and `history` are for leads another system has worked: they are stored as they were, distributed
    to nobody and promised nothing.
    """
    with intake_batch(session, actor=actor, now=now, batch_id=batch_id) as batch:
        arrival = Newcomer(batch, draft, received_at=received_at, channel=channel, status=status, history=history)
        return arrival.take(file=file, row=row, form_key=form_key)


def prefetch(batch: IntakeBatch, drafts: list[tuple[LeadDraft, datetime]]) -> None:
    """Read all that the drafts of a file may match in a few queries; needed only for speed."""
    batch.arrivals = {id(draft): arrival_of(batch, draft, at) for draft, at in drafts}
    arrivals = [arrival for arrival, _ in batch.arrivals.values()]
    batch.known.prefetch(arrivals)
    batch.customers.prefetch({key for arrival in arrivals for key in arrival.keys}, expected=len(drafts))
    batch.expect(len(drafts))


def arrival_of(batch: IntakeBatch, draft: LeadDraft, received_at: datetime) -> tuple[Arrival, dict[str, Any]]:
    """What duplicates compare of a draft, and what it said that has no column of its own."""
    said, dealer_id = facts.said(draft), batch.names.named_in(draft).dealer_id
    arrival = facts.arrival(draft, received_at=received_at, dealer_id=dealer_id, content=said)
    return arrival, facts.details(draft, said)


class Newcomer:
    """One prospect on its way in."""

    def __init__(
        self, batch: IntakeBatch, draft: LeadDraft, *, received_at: datetime, channel: str, status: str | None,
        history: History | None,
    ) -> None:  # fmt: skip
        self.batch, self.draft, self.channel = batch, draft, channel
        self.received_at, self.status = received_at, status
        self.history = history or History()
        self.named: NamedDealer = batch.names.named_in(draft)
        self.source = self._source()
        self.arrival, self.details = batch.arrivals.get(id(draft)) or arrival_of(batch, draft, received_at)
        age = timedelta(days=batch.policy.historic_after_days)
        self.is_historic = status is not None or received_at < batch.now - age

    def take(self, *, file: str, row: int, form_key: str | None) -> RowOutcome:
        """Join the lead it repeats, refuse it, or make it a lead."""
        batch, reach = self.batch, facts.reachable(self.draft)
        verdict = classify(self.arrival, batch.known.find(self.arrival), window_days=batch.policy.duplicate_window_days)
        if verdict.joins and verdict.lead_id is not None:
            return join(
                batch, self.draft, self.arrival, verdict, source=self.source, file=file, row=row,
                can_be_answered=reach.can_be_answered,
            )  # fmt: skip
        if not reach.has_anything:
            return RowOutcome(
                file=file, row=row, outcome="rejected", code="no_contact", message=self.draft.quarantine or NO_CONTACT
            )
        return self._create(verdict, is_held=not reach.can_be_answered and self.status is None, file=file, row=row,
                            form_key=form_key)  # fmt: skip

    def _source(self) -> str:
        """What the lead is counted under: the provider's name, else the sender of the request, else `Not stated`."""
        draft, actor = self.draft, self.batch.actor
        said = draft.provider_name or next((one.source for one in draft.ids if one.source), None)
        if not said and actor.source == "http":
            said = actor.name
        return self.batch.policy.source_of(facts.clip(said, 200)) or NOT_STATED

    def _create(self, verdict: Verdict, *, is_held: bool, file: str, row: int, form_key: str | None) -> RowOutcome:
        batch, now = self.batch, self.batch.now
        follows = batch.known.get(verdict.lead_id) if verdict.lead_id is not None else None
        decision = None if is_held else self._decide(follows if verdict.outcome in FOLLOWS else None)
        dealer = decision.dealer if decision else None
        dealer_id, region = (dealer.id, dealer.region) if dealer else (None, self.history.region or None)
        status = self.status or ("held" if is_held else "assigned" if dealer else "new")
        parts = self._score(decision, follows)
        lead_id = batch.new_id()
        routed_at = now if dealer is not None and not self.is_historic else None
        customer_id, is_new_customer = self._customer(dealer_id, region)
        values = self._columns(dealer.zone if dealer else DESK_ZONE)
        values |= {
            "id": lead_id, "number": f"L-{lead_id:06d}", "status": status, "dealer_id": dealer_id, "region": region,
            "customer_id": customer_id, "form_key": form_key, "score_parts": parts, "score": score.total(parts),
            "routing": written(decision, batch.texts, policy_version=batch.version) if decision else {},
            "routed_at": routed_at, "previous_lead_id": verdict.lead_id, "warnings": self._warnings(verdict),
        }  # fmt: skip
        if self.status is not None:
            values |= stamps(status, self.history, received_at=self.received_at)
            decided = values["sold_at"] or (values["closed_at"] if status == "lost" else None)
            if decided is not None:
                values["decided_on"] = local_day(decided, dealer.zone if dealer else DESK_ZONE)
        elif not self.is_historic and not is_held:
            values |= clock_columns(
                batch, dealer_id=dealer_id, score=values["score"], status=status, routed_at=routed_at,
                received_at=self.received_at,
            )  # fmt: skip
        self._write(values)
        self._tell(values, decision)
        code, message = self._said(values, decision, verdict)
        undo = {"created": True, "status": status, "dealer_id": dealer_id}
        undo["customer_id"] = customer_id if is_new_customer else None
        return RowOutcome(
            file=file, row=row, outcome="created", code=code, message=message, item_type="lead", item_id=lead_id,
            dealer_id=dealer_id, undo=undo,
        )  # fmt: skip

    def _decide(self, follows: KnownLead | None) -> Decision:
        lead = lead_facts(self.draft, self.named, policy=self.batch.policy, follows=follows)
        if self.is_historic and lead.named_dealer_id is None:
            # What another system has worked belongs to whom it names; the past is not distributed.
            return Decision(
                rule="fallback", dealer=None, why="A record of the past that names no dealer is not distributed.",
                candidates=(), dropped={},
            )  # fmt: skip
        if self.status is not None:
            return self._as_named(lead)
        return choose(self.batch, lead)

    def _as_named(self, lead: LeadFacts) -> Decision:
        """The dealer another system had it with, whatever that dealer is today."""
        dealer = self.batch.network.by_id[lead.named_dealer_id or 0]
        return Decision(
            rule="preferred_dealer", dealer=dealer, why=f"Another system had it with {dealer.name}.", candidates=(),
            dropped={},
        )  # fmt: skip

    def _score(self, decision: Decision | None, follows: KnownLead | None) -> list[score.Part]:
        draft, wanted = self.draft, self.draft.wanted
        abroad = facts.country_of(draft).upper() not in ("", "US", "CA", "PR", "VI", "GU", "AS", "MP")
        far = f"No dealer within {self.batch.policy.nearest_km} km" if decision and decision.is_out_of_market else ""
        zone = decision.dealer.zone if decision and decision.dealer else DESK_ZONE
        return score.parts(
            score.ScoreFacts(
                today=self.received_at.astimezone(ZoneInfo(zone)).date(), phones=draft.e164_phones,
                emails=draft.normal_emails, vin=(wanted.vin if wanted else "") or "",
                stock=(wanted.stock if wanted else "") or "",
                trade_in=(draft.trade_in.label or "Offered") if draft.trade_in else "",
                wanted_by=facts.wanted_by(draft), finance_requested=draft.finance_requested,
                test_drive=draft.test_drive, question=draft.question or "",
                earlier_sale=f"Lead {follows.number}" if follows and follows.is_sold else "",
                in_territory=f"Postal code {facts.postal_of(draft)}" if decision and decision.is_in_territory else "",
                out_of_market=f"Lives in {facts.country_of(draft)}" if abroad else far,
            )
        )  # fmt: skip

    def _customer(self, dealer_id: int | None, region: str | None) -> tuple[int, bool]:
        batch, draft = self.batch, self.draft
        address = draft.address
        found = batch.customers.find_or_create(
            self.arrival.keys, dealer_id=dealer_id, region=region, batch_id=batch.batch_id, now=batch.now,
            values={
                "name": facts.customer_name(draft), "is_business": bool(draft.company and not draft.last_name),
                "first_name": facts.clip(draft.first_name, 100), "last_name": facts.clip(draft.last_name, 100),
                "street": facts.clip(", ".join(address.streets) if address else "", 200),
                "city": facts.clip(address.city if address else "", 80),
                "state": facts.state_of(draft) or facts.clip(address.region if address else "", 40),
                "postal_code": facts.postal_of(draft), "country": facts.clip(facts.country_of(draft), 40),
            },
        )  # fmt: skip
        for consent in draft.consents:
            batch.customers.add_consent(
                found[0], channel=consent.channel, is_given=consent.given, wording=facts.clip(consent.text, 2000),
                source=self.source, at=self.received_at,
            )  # fmt: skip
        return found

    def _columns(self, zone: str) -> dict[str, Any]:
        """The columns that come from the document alone; every column is named, so that all rows can go in at once."""
        batch, draft, now = self.batch, self.draft, self.batch.now
        local: date = self.received_at.astimezone(ZoneInfo(zone)).date()
        wanted = draft.wanted
        product = product_of(
            batch.lines, make=wanted.make if wanted else "", model=wanted.model if wanted else "",
            given=self.history.product,
        )  # fmt: skip
        extra = {"named_dealer_id": self.named.dealer_id, "named_by": self.named.by, "agent": self.history.agent,
                 "product": self.history.product}  # fmt: skip
        return EMPTY | {
            "version": 1, "is_open": True, "submitted_by": batch.actor.username, "created_at": now, "updated_at": now,
            "updated_by": batch.actor.name, "received_at": self.received_at, "received_on": local,
            "received_month": local.replace(day=1), "requested_at": draft.requested_at,
            "requested_raw": facts.clip(draft.requested_at_raw, 80), "channel": self.channel[:20],
            "provider": facts.clip(draft.provider_name, 200), "source": self.source, "product": product,
            "batch_id": batch.batch_id, "customer_name": facts.customer_name(draft), "state": facts.state_of(draft),
            "postal_code": facts.postal_of(draft), "preferred_contact": draft.preferred_contact or "",
            "brand": brand_of(wanted.make) if wanted else "", "wants": facts.wants(draft) or self.history.product[:200],
            "comments": facts.clip(draft.comments_masked, 100_000), "question": facts.clip(draft.question, 4000),
            "timeframe": facts.timeframe(draft), "wanted_by": facts.wanted_by(draft),
            "vendor_name": facts.clip(draft.vendor_name, 300),
            "details": self.details | {k: v for k, v in extra.items() if v},
            "last_activity_at": self.received_at, "stage_entered_at": self.received_at,
            "value_cents": facts.named_price(draft), "agent": facts.clip(self.history.agent, 80),
        }  # fmt: skip

    def _warnings(self, verdict: Verdict) -> list[dict[str, str]]:
        found = facts.warnings(self.draft)
        found += [{"code": "id_collision", "message": text, "path": "prospect/id"} for text in verdict.warnings]
        if verdict.outcome != "new" or verdict.lead_id is not None:
            found.append({"code": verdict.outcome, "message": verdict.why, "path": ""})
        if self.is_historic:
            sentence = (
                f"Received {self.received_at:%-d %b %Y}, taken in {self.batch.now:%-d %b %Y}: a record of the past."
            )
            found.append({"code": "historic", "message": f"{sentence} No clock was started.", "path": ""})
        closed = self.history.closed_at
        if closed is not None and closed < self.received_at:
            found.append(
                {"code": "closed_before_received", "message": "It was closed before it was received.", "path": ""}
            )
        return found

    def _write(self, values: dict[str, Any]) -> None:
        batch, draft, lead_id = self.batch, self.draft, values["id"]
        numbers = [one.value for _, one in facts.external_ids(draft)]
        batch.add_lead(values, search_texts(draft, values["number"], values["customer_name"], values["wants"], numbers))
        batch.add_children(LeadContact, lead_id, facts.contact_rows(draft))
        batch.add_children(LeadVehicle, lead_id, facts.vehicle_rows(draft))
        batch.add_children(LeadKey, lead_id, facts.key_rows(draft, self.arrival))
        batch.known.add(
            KnownLead(
                lead_id=lead_id, number=values["number"], status=values["status"], is_open=values["is_open"],
                received_at=self.received_at, external_ids=self.arrival.external_ids,
                hashes=frozenset({self.arrival.content_hash}), keys=self.arrival.keys, name=self.arrival.name,
                vehicle=self.arrival.vehicle, vendor_key=self.arrival.vendor_key,
                dealer_ids=frozenset(i for i in (values["dealer_id"], self.named.dealer_id) if i is not None),
                customer_id=values["customer_id"], dealer_id=values["dealer_id"],
                is_sold=values["sold_at"] is not None,
            )
        )  # fmt: skip

    def _tell(self, values: dict[str, Any], decision: Decision | None) -> None:
        if self.is_historic or decision is None:
            return
        if values["dealer_id"] is not None:
            self.batch.tell_assigned(values)
        else:
            self.batch.tell_unassigned(values, decision.why)

    def _said(self, values: dict[str, Any], decision: Decision | None, verdict: Verdict) -> tuple[str, str]:
        """Code and sentence of a created lead; a code means that somebody should look at it."""
        why = f" {verdict.why}" if verdict.lead_id is not None else ""
        if values["status"] == "held":
            return "held", f"{values['number']} is held: it has no phone number or e-mail address that works.{why}"
        if decision is not None and decision.dealer is None and not self.is_historic:
            return "unassigned", f"{values['number']} has no dealer yet. {decision.why}{why}"
        dealer = f" for {decision.dealer.name}" if decision and decision.dealer else ""
        return "", f"{values['number']}{dealer}.{why}"


def search_texts(draft: LeadDraft, number: str, name: str, wants: str, numbers: list[str | None]) -> list[str | None]:
    """What the search box finds a lead by."""
    vehicles = [text for one in draft.vehicles for text in (one.vin, one.stock)]
    phones = [text for one in draft.phones for text in phone_texts(one.e164 or one.raw)]
    return [number, name, wants, *(one.raw for one in draft.emails), *phones, *vehicles, *numbers]


# Every column a new lead may leave empty, so that leads of all kinds can be written by one statement.
EMPTY: dict[str, Any] = dict.fromkeys(
    (
        "assignee_id", "due_at", "clock_started_at", "first_action_due_at", "first_action_at",
        "first_action_minutes", "first_quality_due_at", "first_quality_at", "first_quality_minutes", "wall_due_at",
        "breach_handled_at", "contacted_at", "qualified_at", "appointment_set_at", "appointment_shown_at",
        "negotiation_at", "sold_at", "delivered_at", "closed_at", "decided_on", "duplicate_of_id",
    )
) | {
    "first_action_target": 0, "first_action_by": "", "breach_outcome": "", "close_reason": "", "close_note": "",
    "attempts": 0, "next_step": "", "touches": 1,
}  # fmt: skip
