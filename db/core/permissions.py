"""Who may do what: one table, denied by default. Which dealers (scope) is another question, answered by the actor."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The seven roles; a person has exactly one."""

    ADMIN = "admin"
    COORDINATOR = "coordinator"
    MANAGER = "manager"
    SALES_LEADER = "sales_leader"
    FINANCE = "finance"
    DEALER_MANAGER = "dealer_manager"
    DEALER_STAFF = "dealer_staff"

    @property
    def label(self) -> str:
        """The role as people say it."""
        return ROLE_LABELS[self]

    @property
    def is_dealer(self) -> bool:
        """Whether people with this role belong to a dealership and may only ever see their own dealers."""
        return self in (Role.DEALER_MANAGER, Role.DEALER_STAFF)


ROLE_LABELS = {
    Role.ADMIN: "Administrator",
    Role.COORDINATOR: "Coordinator",
    Role.MANAGER: "Manager",
    Role.SALES_LEADER: "Sales leader",
    Role.FINANCE: "Finance",
    Role.DEALER_MANAGER: "Dealer manager",
    Role.DEALER_STAFF: "Dealer staff",
}


class Permission(StrEnum):
    """One thing a person may do; pages and commands ask for the same names."""

    HOME_VIEW = "home.view"
    LEADS_VIEW = "leads.view"
    LEADS_WORK = "leads.work"
    LEADS_ENTER = "leads.enter"
    LEADS_ASSIGN = "leads.assign"
    LEADS_CLOSE = "leads.close"
    LEADS_MERGE = "leads.merge"
    LEADS_IMPORT = "leads.import"
    CUSTOMERS_VIEW = "customers.view"
    CUSTOMERS_EDIT = "customers.edit"
    CUSTOMERS_MERGE = "customers.merge"
    CUSTOMERS_REVEAL = "customers.reveal"
    CUSTOMERS_IMPORT = "customers.import"
    CUSTOMERS_PURGE = "customers.purge"
    MESSAGES_SEND = "messages.send"
    TEMPLATES_EDIT = "templates.edit"
    APPOINTMENTS_VIEW = "appointments.view"
    APPOINTMENTS_WORK = "appointments.work"
    APPOINTMENTS_SET_UP = "appointments.set_up"
    TASKS_VIEW = "tasks.view"
    TASKS_WORK = "tasks.work"
    TASKS_HAND_OVER = "tasks.hand_over"
    CADENCE_VIEW = "cadence.view"
    CADENCE_MANAGE = "cadence.manage"
    QUALITY_VIEW = "quality.view"
    QUALITY_REVIEW = "quality.review"
    QUALITY_COACH = "quality.coach"
    QUALITY_MANAGE = "quality.manage"
    SURVEYS_VIEW = "surveys.view"
    SURVEYS_ENTER = "surveys.enter"
    SURVEYS_IMPORT = "surveys.import"
    SURVEYS_WORK = "surveys.work"
    SURVEYS_MANAGE = "surveys.manage"
    FUNNEL_VIEW = "funnel.view"
    SPEND_MANAGE = "spend.manage"
    PERFORMANCE_VIEW = "performance.view"
    ROUTING_VIEW = "routing.view"
    ROUTING_MANAGE = "routing.manage"
    PROVIDERS_MANAGE = "providers.manage"
    DEALERS_VIEW = "dealers.view"
    DEALERS_IMPORT = "dealers.import"
    DEALERS_MANAGE = "dealers.manage"
    TERMS_VIEW = "terms.view"
    TERMS_PROPOSE = "terms.propose"
    TERMS_DECIDE = "terms.decide"
    DOCUMENTS_VIEW = "documents.view"
    DOCUMENTS_ADD = "documents.add"
    DOCUMENTS_MANAGE = "documents.manage"
    CONTACTS_VIEW = "contacts.view"
    CONTACTS_LOG = "contacts.log"
    ONBOARDING_VIEW = "onboarding.view"
    ONBOARDING_WORK = "onboarding.work"
    ONBOARDING_MANAGE = "onboarding.manage"
    ONBOARDING_DECIDE = "onboarding.decide"
    CHECKLISTS_MANAGE = "checklists.manage"
    ACCESS_VIEW = "access.view"
    ACCESS_REQUEST = "access.request"
    ACCESS_DECIDE = "access.decide"
    ACCESS_REVIEW = "access.review"
    PIPELINE_VIEW = "pipeline.view"
    WARRANTY_VIEW = "warranty.view"
    WARRANTY_IMPORT = "warranty.import"
    WARRANTY_MANAGE = "warranty.manage"
    TECHNICIANS_EDIT = "technicians.edit"
    CLAIMS_VIEW = "claims.view"
    CLAIMS_ENTER = "claims.enter"
    CLAIMS_IMPORT = "claims.import"
    CLAIMS_DECIDE = "claims.decide"
    CLAIMS_AUTHORIZE = "claims.authorize"
    CLAIMS_SIMULATE = "claims.simulate"
    CLAIMS_PERFORMANCE = "claims.performance"
    CLAIMS_PAYMENTS = "claims.payments"
    CLAIMS_PAY = "claims.pay"
    CLAIMS_CHARGE_BACK = "claims.charge_back"
    CLAIMS_INVESTIGATE = "claims.investigate"
    RETURNS_SHIP = "returns.ship"
    RETURNS_RECEIVE = "returns.receive"
    PARTS_VIEW = "parts.view"
    PARTS_ORDER = "parts.order"
    PARTS_IMPORT = "parts.import"
    PARTS_MANAGE = "parts.manage"
    PARTS_CLAIM = "parts.claim"
    PARTS_DECIDE = "parts.decide"
    INCENTIVES_VIEW = "incentives.view"
    INCENTIVES_ENTER = "incentives.enter"
    INCENTIVES_IMPORT = "incentives.import"
    INCENTIVES_DRAFT = "incentives.draft"
    INCENTIVES_PUBLISH = "incentives.publish"
    INCENTIVES_DECIDE = "incentives.decide"
    INCENTIVES_AUTHORIZE = "incentives.authorize"
    INCENTIVES_PAYMENTS = "incentives.payments"
    INCENTIVES_PAY = "incentives.pay"
    INCENTIVES_RECONCILE = "incentives.reconcile"
    COOP_VIEW = "coop.view"
    COOP_REQUEST = "coop.request"
    COOP_IMPORT = "coop.import"
    COOP_DECIDE = "coop.decide"
    COOP_OVERRIDE = "coop.override"
    COOP_MANAGE = "coop.manage"
    COOP_PAY = "coop.pay"
    PRICING_VIEW = "pricing.view"
    PRICING_REQUEST = "pricing.request"
    PRICING_DECIDE = "pricing.decide"
    PRICING_SIGN = "pricing.sign"
    PRICING_AUTHORIZE = "pricing.authorize"
    PRICING_PRICE = "pricing.price"
    PRICING_LEGAL = "pricing.legal"
    PRICING_BUDGET = "pricing.budget"
    REPORTS_VIEW = "reports.view"
    REPORTS_SHARE = "reports.share"
    PACK_VIEW = "pack.view"
    WEEKLY_VIEW = "weekly.view"
    WEEKLY_MANAGE = "weekly.manage"
    MONTHS_FREEZE = "months.freeze"
    PEOPLE_VIEW = "people.view"
    PEOPLE_MANAGE = "people.manage"
    CALENDARS_VIEW = "calendars.view"
    CALENDARS_MANAGE = "calendars.manage"
    IMPORTS_VIEW = "imports.view"
    IMPORTS_UNDO = "imports.undo"
    EXPORT_RUN = "export.run"
    EXPORT_LOG_VIEW = "export_log.view"
    TIMELINE_SEARCH = "timeline.search"
    FLOWS_VIEW = "flows.view"
    PERSONAL_DATA_VIEW = "personal_data.view"


P = Permission
_EVERYBODY = {P.HOME_VIEW}
_DEALER_STAFF = _EVERYBODY | {
    P.LEADS_VIEW,
    P.LEADS_WORK,
    P.LEADS_ENTER,
    P.LEADS_CLOSE,
    P.CUSTOMERS_VIEW,
    P.CUSTOMERS_EDIT,
    P.PERSONAL_DATA_VIEW,
    P.MESSAGES_SEND,
    P.APPOINTMENTS_VIEW,
    P.APPOINTMENTS_WORK,
    P.TASKS_VIEW,
    P.TASKS_WORK,
    P.QUALITY_VIEW,
    P.WARRANTY_VIEW,
    P.CLAIMS_VIEW,
    P.CLAIMS_ENTER,
    P.RETURNS_SHIP,
    P.PARTS_VIEW,
    P.PARTS_ORDER,
    P.PARTS_CLAIM,
    P.INCENTIVES_VIEW,
    P.INCENTIVES_ENTER,
    P.WEEKLY_VIEW,
}
_DEALER_MANAGER = _DEALER_STAFF | {
    P.LEADS_ASSIGN, P.LEADS_MERGE, P.PERFORMANCE_VIEW, P.PIPELINE_VIEW, P.DEALERS_VIEW, P.EXPORT_RUN, P.CALENDARS_VIEW,
    P.TERMS_VIEW, P.DOCUMENTS_VIEW, P.DOCUMENTS_ADD, P.ONBOARDING_VIEW, P.ONBOARDING_WORK,
    P.ACCESS_VIEW, P.ACCESS_REQUEST, P.ACCESS_REVIEW, P.CUSTOMERS_MERGE,
    P.TEMPLATES_EDIT, P.APPOINTMENTS_SET_UP, P.TASKS_HAND_OVER, P.CADENCE_VIEW,
    P.QUALITY_REVIEW, P.QUALITY_COACH, P.SURVEYS_VIEW, P.SURVEYS_ENTER, P.SURVEYS_WORK, P.FUNNEL_VIEW,
    P.TECHNICIANS_EDIT, P.CLAIMS_PERFORMANCE, P.CLAIMS_PAYMENTS, P.INCENTIVES_PAYMENTS,
    P.PRICING_VIEW, P.PRICING_REQUEST, P.COOP_VIEW, P.COOP_REQUEST, P.REPORTS_VIEW,
}  # fmt: skip
_SALES_LEADER = _EVERYBODY | {
    P.LEADS_VIEW, P.PERFORMANCE_VIEW, P.PIPELINE_VIEW, P.DEALERS_VIEW, P.EXPORT_RUN, P.FLOWS_VIEW, P.TERMS_VIEW,
    P.CONTACTS_VIEW, P.CONTACTS_LOG, P.ONBOARDING_VIEW, P.CUSTOMERS_VIEW,
    P.APPOINTMENTS_VIEW, P.CADENCE_VIEW, P.QUALITY_VIEW, P.SURVEYS_VIEW, P.FUNNEL_VIEW,
    P.WARRANTY_VIEW, P.CLAIMS_VIEW, P.CLAIMS_PERFORMANCE, P.PARTS_VIEW, P.INCENTIVES_VIEW, P.INCENTIVES_DRAFT,
    P.PRICING_VIEW, P.PRICING_REQUEST, P.PRICING_DECIDE, P.PRICING_SIGN, P.COOP_VIEW,
    P.REPORTS_VIEW, P.REPORTS_SHARE, P.PACK_VIEW, P.WEEKLY_VIEW,
}  # fmt: skip
_FINANCE = _EVERYBODY | {
    P.DEALERS_VIEW, P.EXPORT_RUN, P.FLOWS_VIEW, P.TERMS_VIEW, P.TERMS_PROPOSE, P.TERMS_DECIDE, P.DOCUMENTS_VIEW,
    P.CONTACTS_VIEW, P.ONBOARDING_VIEW,
    P.WARRANTY_VIEW, P.CLAIMS_VIEW, P.CLAIMS_SIMULATE, P.CLAIMS_PERFORMANCE, P.CLAIMS_PAYMENTS, P.CLAIMS_PAY,
    P.PARTS_VIEW, P.INCENTIVES_VIEW, P.INCENTIVES_PAYMENTS, P.INCENTIVES_PAY, P.INCENTIVES_RECONCILE,
    P.PRICING_VIEW, P.PRICING_DECIDE, P.PRICING_PRICE, P.COOP_VIEW, P.COOP_PAY,
    P.REPORTS_VIEW, P.REPORTS_SHARE, P.PACK_VIEW, P.WEEKLY_VIEW,
}  # fmt: skip
_COORDINATOR = _DEALER_MANAGER | {
    P.LEADS_IMPORT, P.ROUTING_VIEW, P.DEALERS_IMPORT, P.DEALERS_MANAGE, P.IMPORTS_VIEW, P.IMPORTS_UNDO, P.FLOWS_VIEW,
    P.TERMS_PROPOSE, P.DOCUMENTS_MANAGE, P.CONTACTS_VIEW, P.CONTACTS_LOG, P.ONBOARDING_MANAGE, P.ACCESS_DECIDE,
    P.CUSTOMERS_REVEAL, P.CUSTOMERS_IMPORT,
    P.SURVEYS_IMPORT, P.SPEND_MANAGE,
    P.WARRANTY_IMPORT, P.CLAIMS_IMPORT, P.CLAIMS_DECIDE, P.CLAIMS_SIMULATE, P.CLAIMS_INVESTIGATE, P.RETURNS_RECEIVE,
    P.PARTS_IMPORT, P.PARTS_MANAGE, P.PARTS_DECIDE,
    P.INCENTIVES_IMPORT, P.INCENTIVES_DRAFT, P.INCENTIVES_DECIDE,
    P.PRICING_DECIDE, P.PRICING_SIGN, P.COOP_IMPORT, P.COOP_DECIDE,
    P.REPORTS_SHARE, P.PACK_VIEW, P.WEEKLY_MANAGE,
}  # fmt: skip
_MANAGER = _COORDINATOR | {
    P.ROUTING_MANAGE, P.EXPORT_LOG_VIEW, P.TIMELINE_SEARCH, P.PEOPLE_VIEW, P.CALENDARS_MANAGE, P.TERMS_DECIDE,
    P.ONBOARDING_DECIDE, P.CHECKLISTS_MANAGE, P.CUSTOMERS_PURGE,
    P.CADENCE_MANAGE, P.QUALITY_MANAGE, P.SURVEYS_MANAGE,
    P.WARRANTY_MANAGE, P.CLAIMS_AUTHORIZE, P.CLAIMS_CHARGE_BACK,
    P.INCENTIVES_PUBLISH, P.INCENTIVES_AUTHORIZE,
    P.PRICING_AUTHORIZE, P.PRICING_LEGAL, P.PRICING_BUDGET, P.COOP_OVERRIDE, P.COOP_MANAGE, P.MONTHS_FREEZE,
}  # fmt: skip

GRANTED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset(_MANAGER),
    Role.COORDINATOR: frozenset(_COORDINATOR),
    Role.SALES_LEADER: frozenset(_SALES_LEADER),
    Role.FINANCE: frozenset(_FINANCE),
    Role.DEALER_MANAGER: frozenset(_DEALER_MANAGER),
    Role.DEALER_STAFF: frozenset(_DEALER_STAFF),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` was granted `permission`; anything not granted is denied."""
    return permission in GRANTED.get(role, frozenset())
