"""Every table, imported once, so that `Base.metadata` is complete (migrations and checks stand on this)."""

from __future__ import annotations

from sqlalchemy.orm import configure_mappers

from db.access import tables as _access
from db.appointments import tables as _appointments
from db.cadence import tables as _cadence
from db.calendar import tables as _calendar
from db.checklist import tables as _checklist
from db.claim_payments import tables as _claim_payments
from db.claims import figure_tables as _claim_figures
from db.claims import tables as _claims
from db.contact_log import tables as _contact_log
from db.coop import campaign_tables as _coop_campaigns
from db.coop import paper_tables as _coop_papers
from db.coop import payment_tables as _coop_payments
from db.coop import queue_tables as _coop_queues
from db.coop import remind_tables as _coop_reminders
from db.coop import sum_tables as _coop_sums
from db.coop import tables as _coop
from db.core import changes as _changes
from db.core import outbox as _outbox
from db.core import search as _search
from db.core import timeline as _timeline
from db.core.base import Base
from db.customers import tables as _customers
from db.customers import vehicle_tables as _vehicles
from db.dealers import tables as _dealers
from db.documents import tables as _documents
from db.imports import tables as _imports
from db.incentives import payment_tables as _incentive_payments
from db.incentives import recon_tables as _incentive_recon
from db.incentives import sum_tables as _incentive_sums
from db.incentives import tables as _incentives
from db.interactions import tables as _interactions
from db.investigations import tables as _investigations
from db.leads import tables as _leads
from db.leads import won_tables as _won
from db.marketing import tables as _marketing
from db.objectives import sum_tables as _objective_sums
from db.objectives import tables as _objectives
from db.onboarding import tables as _onboarding
from db.part_returns import tables as _part_returns
from db.parts import tables as _parts
from db.people import tables as _people
from db.pricing import tables as _pricing
from db.quality import tables as _quality
from db.reports import pack_tables as _packs
from db.reports import saved_tables as _saved_reports
from db.reports import snapshot_tables as _snapshots
from db.reports import weekly_tables as _weekly
from db.surveys import sum_tables as _survey_sums
from db.surveys import tables as _surveys
from db.terms import tables as _terms
from db.warranty import tables as _warranty

METADATA = Base.metadata
MODULES = (
    _access, _calendar, _changes, _checklist, _contact_log, _customers, _dealers, _documents, _imports, _leads,
    _onboarding, _outbox, _people, _search, _terms, _timeline,
    _vehicles, _appointments, _cadence, _interactions, _marketing, _quality, _surveys,
    _warranty, _claims, _claim_figures, _claim_payments, _part_returns, _investigations, _parts, _incentives,
    _incentive_payments, _incentive_recon, _pricing, _coop, _coop_queues, _coop_payments, _coop_papers,
    _coop_reminders,
    _coop_campaigns,
    _saved_reports,
    _snapshots, _packs, _weekly,
    _objectives,
    _won, _incentive_sums, _coop_sums, _survey_sums, _objective_sums,
)  # fmt: skip


def find_each_other() -> None:
    """Let the tables settle their relations now, instead of under the first query of a process."""
    configure_mappers()
