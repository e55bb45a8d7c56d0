"""Every page of the desk, in one table. A page that is not here is not served; tests hold table and files together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from db.core.permissions import Permission

P = Permission  # the table below reads better with a short name
NOTIFICATIONS = "pages/work/notifications.py"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page: where it lies, how it is called, and which permission its guard asks for.

    `hidden` pages are reached from other pages (a record's detail) and never listed. `planned` marks a page whose
    file is still to come; the mark goes when the file comes.
    """

    file: str
    title: str
    icon: str
    section: str
    permission: Permission
    help: str
    hidden: bool = False
    default: bool = False
    planned: bool = False

    @property
    def url_path(self) -> str:
        """The path of the page in the address bar (the default page is also the root)."""
        return Path(self.file).stem

    @property
    def exists(self) -> bool:
        """Whether the page's file is there."""
        return _is_there(self.file)


@cache
def _is_there(file: str) -> bool:
    """Asked of the disk once a process: a page that comes or goes does so with a new start."""
    return (ROOT / file).exists()


WORK, LEADS, CUSTOMERS, NETWORK = "Work", "Leads", "Customers", "Network"
REPORTS = "Reports"
CLAIMS, PARTS, INCENTIVES, COOP = "Claims", "Parts", "Incentives", "Co-op"
ADMINISTRATION = "Administration"

PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        file="pages/work/my_work.py", title="My work", icon="checklist", section=WORK, permission=P.HOME_VIEW,
        help="Everything that waits for you, due first", default=True,
    ),
    PageEntry(
        file="pages/work/search.py", title="Search", icon="search", section=WORK, permission=P.HOME_VIEW,
        help="Find a dealer, lead, customer, VIN or number", hidden=True,
    ),
    PageEntry(
        file=NOTIFICATIONS, title="Notifications", icon="notifications", section=WORK, permission=P.HOME_VIEW,
        help="What the desk has told you",
    ),
    PageEntry(
        file="pages/work/account.py", title="My account", icon="account_circle", section=WORK, permission=P.HOME_VIEW,
        help="Your password, your sign-ins and your time zone",
    ),
    PageEntry(
        file="pages/reports/overview.py", title="Overview", icon="space_dashboard", section=REPORTS,
        permission=P.PERFORMANCE_VIEW, help="Leads, response, conversion, revenue, CSI, claims, incentives, co-op",
    ),
    PageEntry(
        file="pages/reports/scorecard.py", title="Scorecard", icon="leaderboard", section=REPORTS,
        permission=P.PERFORMANCE_VIEW, help="Each dealer beside its peers, metric by metric",
    ),
    PageEntry(
        file="pages/reports/monthly_pack.py", title="Monthly pack", icon="summarize", section=REPORTS,
        permission=P.PACK_VIEW, help="What a month was, in sentences tied to their rows; PDF and workbook",
    ),
    PageEntry(
        file="pages/reports/weekly_report.py", title="Weekly report", icon="view_week", section=REPORTS,
        permission=P.WEEKLY_VIEW, help="A dealer's week and what to do, each with the rule behind it",
    ),
    PageEntry(
        file="pages/reports/report_builder.py", title="Report builder", icon="table_chart", section=REPORTS,
        permission=P.REPORTS_VIEW, help="Any figures side by side, in your own shape: kept, shared, sent by mail",
    ),
    PageEntry(
        file="pages/reports/metric_catalogue.py", title="Metrics", icon="function", section=REPORTS,
        permission=P.HOME_VIEW, help="What every number means, who answers for it, and what it is now",
    ),
    PageEntry(
        file="pages/leads/board.py", title="Response board", icon="bolt", section=LEADS, permission=P.LEADS_VIEW,
        help="Open leads by the time they are due",
    ),
    PageEntry(
        file="pages/leads/lead.py", title="Lead", icon="person_search", section=LEADS, permission=P.LEADS_VIEW,
        help="One lead with its whole history", hidden=True,
    ),
    PageEntry(
        file="pages/leads/new.py", title="New lead", icon="person_add", section=LEADS, permission=P.LEADS_ENTER,
        help="Enter a lead from the counter or the telephone",
    ),
    PageEntry(
        file="pages/leads/intake.py", title="Lead intake", icon="move_to_inbox", section=LEADS,
        permission=P.LEADS_IMPORT, help="Bring leads in from files",
    ),
    PageEntry(
        file="pages/leads/performance.py", title="Lead performance", icon="monitoring", section=LEADS,
        permission=P.PERFORMANCE_VIEW, help="How fast and how well leads are answered",
    ),
    PageEntry(
        file="pages/leads/routing.py", title="Routing", icon="alt_route", section=LEADS, permission=P.ROUTING_VIEW,
        help="Which dealer gets which lead, and why",
    ),
    PageEntry(
        file="pages/crm/customers.py", title="Customers", icon="groups", section=CUSTOMERS,
        permission=P.CUSTOMERS_VIEW, help="Find a customer, and who looks like two",
    ),
    PageEntry(
        file="pages/crm/customer.py", title="Customer", icon="person", section=CUSTOMERS, permission=P.CUSTOMERS_VIEW,
        help="One customer: contact, consent, vehicles, leads, service", hidden=True,
    ),
    PageEntry(
        file="pages/crm/vehicle.py", title="Vehicle", icon="directions_car", section=CUSTOMERS,
        permission=P.CUSTOMERS_VIEW, help="One vehicle: owners, odometer, service visits", hidden=True,
    ),
    PageEntry(
        file="pages/crm/today.py", title="To do now", icon="today", section=CUSTOMERS, permission=P.TASKS_VIEW,
        help="Whom to call, write to or meet now, in the order to do it",
    ),
    PageEntry(
        file="pages/crm/appointments.py", title="Appointments", icon="event", section=CUSTOMERS,
        permission=P.APPOINTMENTS_VIEW,
        help="The agenda by day and week, and who did not come",
    ),
    PageEntry(
        file="pages/crm/follow_up.py", title="Follow-up", icon="event_repeat", section=CUSTOMERS,
        permission=P.CADENCE_VIEW,
        help="How well leads are followed up, and the plans for it",
    ),
    PageEntry(
        file="pages/crm/templates.py", title="Message templates", icon="stylus_note", section=CUSTOMERS,
        permission=P.TEMPLATES_EDIT,
        help="Texts to start an e-mail or a text message from",
    ),
    PageEntry(
        file="pages/crm/quality.py", title="Response quality", icon="reviews", section=CUSTOMERS,
        permission=P.QUALITY_VIEW,
        help="How fast, how often and how well customers are answered",
    ),
    PageEntry(
        file="pages/crm/surveys.py", title="Customer surveys", icon="sentiment_satisfied", section=CUSTOMERS,
        permission=P.SURVEYS_VIEW,
        help="CSI, SSI and NPS by dealer, and unhappy customers to call",
    ),
    PageEntry(
        file="pages/crm/funnel.py", title="Funnel", icon="filter_list", section=CUSTOMERS, permission=P.FUNNEL_VIEW,
        help="From the lead to the sale and back again, with the cost of each source",
    ),
    PageEntry(
        file="pages/claims/claims.py", title="Claims", icon="assignment", section=CLAIMS, permission=P.CLAIMS_VIEW,
        help="Warranty claims, due first, with the findings behind each",
    ),
    PageEntry(
        file="pages/claims/claim.py", title="Claim", icon="description", section=CLAIMS, permission=P.CLAIMS_VIEW,
        help="One claim: jobs, charges, findings, versions, who held it", hidden=True,
    ),
    PageEntry(
        file="pages/claims/new_claim.py", title="New claim", icon="post_add", section=CLAIMS, permission=P.CLAIMS_ENTER,
        help="Enter a claim and see what will be found before it is sent",
    ),
    PageEntry(
        file="pages/claims/parts_returns.py", title="Parts returns", icon="assignment_return",
        section=CLAIMS, permission=P.CLAIMS_VIEW,
        help="Old parts to keep, send in or inspect, and what is overdue",
    ),
    PageEntry(
        file="pages/claims/claim_payments.py", title="Claim payments", icon="payments",
        section=CLAIMS, permission=P.CLAIMS_PAYMENTS,
        help="What is payable, batches, credit memos, charge-backs",
    ),
    PageEntry(
        file="pages/claims/investigations.py", title="Investigations", icon="policy",
        section=CLAIMS, permission=P.CLAIMS_INVESTIGATE,
        help="Claims that look odd, with the evidence as it was",
    ),
    PageEntry(
        file="pages/claims/claim_performance.py", title="Claim performance", icon="query_stats",
        section=CLAIMS, permission=P.CLAIMS_PERFORMANCE,
        help="Turnaround, first-pass yield, denials, cost per unit",
    ),
    PageEntry(
        file="pages/claims/claim_simulator.py", title="Claim simulator", icon="science",
        section=CLAIMS, permission=P.CLAIMS_SIMULATE,
        help="What other thresholds would have decided on past claims",
    ),
    PageEntry(
        file="pages/claims/claim_policy.py", title="Claim policy", icon="rule",
        section=CLAIMS, permission=P.WARRANTY_VIEW,
        help="The rules W01 to W28, authority, clocks: version by version",
    ),
    PageEntry(
        file="pages/claims/warranty.py", title="Warranty data", icon="menu_book",
        section=CLAIMS, permission=P.WARRANTY_VIEW,
        help="Coverage plans, operations, parts and prices, campaigns, technicians",
    ),
    PageEntry(
        file="pages/parts/parts_orders.py", title="Parts orders", icon="shopping_cart",
        section=PARTS, permission=P.PARTS_VIEW,
        help="Orders and their lines, with every promised date",
    ),
    PageEntry(
        file="pages/parts/backorders.py", title="Backorders", icon="inventory_2",
        section=PARTS, permission=P.PARTS_VIEW,
        help="What is late, how late, and who gets what comes in",
    ),
    PageEntry(
        file="pages/parts/parts_claims.py", title="Parts claims", icon="package_2",
        section=PARTS, permission=P.PARTS_VIEW,
        help="Short, wrong or damaged deliveries and what became of them",
    ),
    PageEntry(
        file="pages/incentives/validate.py", title="Incentive check", icon="fact_check",
        section=INCENTIVES, permission=P.INCENTIVES_VIEW,
        help="Report a sale, see what every program says of it, claim what it pays",
    ),
    PageEntry(
        file="pages/incentives/incentive_claims.py", title="Incentive claims", icon="request_quote",
        section=INCENTIVES, permission=P.INCENTIVES_VIEW,
        help="Claims of incentives, due first, with every check behind each",
    ),
    PageEntry(
        file="pages/incentives/outlook.py", title="Next tier", icon="stairs",
        section=INCENTIVES, permission=P.INCENTIVES_VIEW,
        help="How far each dealer is from the next step, and what is at stake",
    ),
    PageEntry(
        file="pages/incentives/programs.py", title="Incentive programs", icon="campaign",
        section=INCENTIVES, permission=P.INCENTIVES_VIEW,
        help="What is paid for which sales, version by version; draft and publish",
    ),
    PageEntry(
        file="pages/incentives/simulator.py", title="Incentive simulator", icon="experiment",
        section=INCENTIVES, permission=P.INCENTIVES_DRAFT,
        help="A draft program over past sales: cost, who gains, who loses",
    ),
    PageEntry(
        file="pages/incentives/payments.py", title="Incentive payments", icon="request_quote",
        section=INCENTIVES, permission=P.INCENTIVES_PAYMENTS,
        help="What is approved and not paid, payments in full or in part, credit memos",
    ),
    PageEntry(
        file="pages/incentives/reconciliation.py", title="Reconciliation", icon="balance",
        section=INCENTIVES, permission=P.INCENTIVES_RECONCILE,
        help="Earned, approved and paid against the bank's file; each difference with its reason",
    ),
    PageEntry(
        file="pages/incentives/price_requests.py", title="Price requests", icon="price_check", section=INCENTIVES,
        permission=P.PRICING_VIEW, help="Discounts and promotions of dealers: ask, sign by level, what holds",
    ),
    PageEntry(
        file="pages/incentives/incentive_figures.py", title="Incentive performance", icon="query_stats",
        section=INCENTIVES, permission=P.INCENTIVES_VIEW,
        help="What programs and prices cost, who takes part, what they bring, budgets, reasons",
    ),
    PageEntry(
        file="pages/coop/coop_requests.py", title="Co-op requests", icon="campaign", section=COOP,
        permission=P.COOP_VIEW, help="Requests for advertising money: what is payable, why, and what it leaves",
    ),
    PageEntry(
        file="pages/coop/coop_request.py", title="Ask for co-op funds", icon="add_card", section=COOP,
        permission=P.COOP_REQUEST, help="Plan an activity and see what will be payable before it is sent",
    ),
    PageEntry(
        file="pages/coop/coop_claims.py", title="Co-op claims", icon="request_quote", section=COOP,
        permission=P.COOP_VIEW, help="Claims with every proof and bound, payments and credit memos",
    ),
    PageEntry(
        file="pages/coop/coop_funds.py", title="Co-op funds", icon="savings", section=COOP,
        permission=P.COOP_VIEW, help="Balances of dealers, and each fund's statement on any day",
    ),
    PageEntry(
        file="pages/coop/coop_programmes.py", title="Co-op programmes", icon="rule", section=COOP,
        permission=P.COOP_VIEW,
        help="What is earned, what each medium pays and needs, version by version",
    ),
    PageEntry(
        file="pages/coop/coop_radar.py", title="Fund expiry radar", icon="radar", section=COOP,
        permission=P.COOP_VIEW,
        help="Co-op money that expires soon, what could be done with it, whom to remind",
    ),
    PageEntry(
        file="pages/coop/coop_campaigns.py", title="Campaigns", icon="ads_click", section=COOP,
        permission=P.COOP_VIEW, help="What dealers advertise with co-op money, the leads and sales it brings, the cost",
    ),
    PageEntry(
        file="pages/coop/coop_figures.py", title="Co-op performance", icon="query_stats", section=COOP,
        permission=P.COOP_VIEW, help="How much is used, accrued, paid and expiring, how long it takes, what comes back",
    ),
    PageEntry(
        file="pages/network/dealers.py", title="Dealers", icon="storefront", section=NETWORK,
        permission=P.DEALERS_VIEW, help="The dealers you may see",
    ),
    PageEntry(
        file="pages/network/dealer.py", title="Dealer", icon="store", section=NETWORK, permission=P.DEALERS_VIEW,
        help="One dealer", hidden=True,
    ),
    PageEntry(
        file="pages/network/contacts.py", title="Dealer contacts", icon="call", section=NETWORK,
        permission=P.CONTACTS_VIEW, help="Whom nobody has called for long, what was promised, what was said",
    ),
    PageEntry(
        file="pages/network/onboarding.py", title="Onboarding", icon="rocket_launch", section=NETWORK,
        permission=P.ONBOARDING_VIEW, help="Every dealer on its way to going live, and what each waits on",
    ),
    PageEntry(
        file="pages/network/onboarding_case.py", title="Onboarding of a dealer", icon="checklist_rtl", section=NETWORK,
        permission=P.ONBOARDING_VIEW, help="One dealer's checklist, gates and forecast", hidden=True,
    ),
    PageEntry(
        file="pages/network/documents.py", title="Documents", icon="folder_managed", section=NETWORK,
        permission=P.DOCUMENTS_VIEW, help="What is missing, what expires, what has to be renewed",
    ),
    PageEntry(
        file="pages/network/terms.py", title="Terms", icon="contract", section=NETWORK, permission=P.TERMS_VIEW,
        help="Terms by dealer and date, and changes that wait for a second person",
    ),
    PageEntry(
        file="pages/network/access.py", title="Dealer access", icon="badge", section=NETWORK,
        permission=P.ACCESS_VIEW, help="Who of a dealership may sign in: requests, review, accounts to close",
    ),
    PageEntry(
        file="pages/network/pipeline.py", title="Dealer pipelines", icon="filter_alt", section=NETWORK,
        permission=P.PIPELINE_VIEW, help="Leads by stage and dealer, with value, age and conversion",
    ),
    PageEntry(
        file="pages/admin/people.py", title="People and access", icon="group", section=ADMINISTRATION,
        permission=P.PEOPLE_VIEW, help="Who may sign in, as what, and for which dealers",
    ),
    PageEntry(
        file="pages/admin/calendars.py", title="Calendars", icon="calendar_month", section=ADMINISTRATION,
        permission=P.CALENDARS_VIEW, help="Opening hours, holidays and exceptions",
    ),
    PageEntry(
        file="pages/admin/providers.py", title="Lead providers", icon="hub", section=ADMINISTRATION,
        permission=P.PROVIDERS_MANAGE, help="Who sends leads, and with which key",
    ),
    PageEntry(
        file="pages/admin/imports.py", title="Imports", icon="upload_file", section=ADMINISTRATION,
        permission=P.IMPORTS_VIEW, help="Every file that was brought in, with undo",
    ),
    PageEntry(
        file="pages/admin/exports.py", title="Export log", icon="file_export", section=ADMINISTRATION,
        permission=P.EXPORT_LOG_VIEW, help="Who took which data out",
    ),
    PageEntry(
        file="pages/admin/timeline.py", title="Timeline", icon="history", section=ADMINISTRATION,
        permission=P.TIMELINE_SEARCH, help="Every change, by whom and when",
    ),
    PageEntry(
        file="pages/admin/checklists.py", title="Checklists", icon="fact_check", section=ADMINISTRATION,
        permission=P.CHECKLISTS_MANAGE, help="Templates of checklists, version by version",
    ),
    PageEntry(
        file="pages/admin/flows.py", title="Workflows", icon="account_tree", section=ADMINISTRATION,
        permission=P.FLOWS_VIEW, help="The states and steps of each queue",
    ),
)  # fmt: skip
