"""The standard checklist of a dealer onboarding, from domain-rules 2.7: thirty-two items in seven sections.

Days count from the day the case is started. A manager may publish another list at any time (page Checklists).
"""

from __future__ import annotations

from db.checklist.model import ItemSpec
from db.checklist.purposes import Purpose, register
from db.onboarding.flow import STAGE_LABELS

PURPOSE = "onboarding"


def _item(  # noqa: PLR0917 - a table of items reads best with an item a line
    code: str, title: str, section: str, stage: str, owner: str, due: int, days: int, weight: int, evidence: str,
    *waits: str, **more: object,
) -> ItemSpec:  # fmt: skip
    return ItemSpec(
        code=code, title=title, section=section, stage=stage, owner=owner, due_days=due, duration_days=days,
        weight=weight, evidence=evidence, depends_on=waits, **more,  # type: ignore[arg-type]
    )  # fmt: skip


LEGAL, FINANCE, SYSTEMS, BRAND = "Legal", "Finance", "Systems", "Brand and facility"
TRAINING, COMMERCIAL, REVIEW = "Training", "Commercial", "Go-live review"

STANDARD: tuple[ItemSpec, ...] = (
    # ---- application
    _item("business_profile", "Business profile", LEGAL, "application", "dealer", 5, 4, 2, "note",
          help="Legal form, trade names, locations, people to talk to."),
    _item("ownership", "Owners named", LEGAL, "application", "dealer", 8, 5, 2, "document", "business_profile",
          help="Everybody who owns 10% or more, to the person behind a company."),
    _item("market_review", "Market reviewed", COMMERCIAL, "application", "field", 10, 6, 2, "note", "business_profile",
          help="Neighbouring dealers, registrations, what the site is worth."),
    _item("application_gate", "Application review", REVIEW, "application", "manager", 14, 3, 3, "note",
          "ownership", "market_review", is_gate=True),
    # ---- agreement
    _item("nda", "Non-disclosure and data agreement", LEGAL, "agreement", "dealer", 16, 4, 1, "document",
          "application_gate"),
    _item("licence", "Dealer licence", LEGAL, "agreement", "dealer", 24, 12, 4, "document", "application_gate",
          is_gate=False, help="State licence with its number and the day it runs out."),
    _item("insurance", "Insurance certificate", LEGAL, "agreement", "dealer", 24, 8, 3, "document",
          "application_gate"),
    _item("tax_ids", "Tax numbers (W-9, resale)", LEGAL, "agreement", "dealer", 20, 5, 2, "number",
          "application_gate"),
    _item("territory", "Territory exhibit", LEGAL, "agreement", "field", 22, 6, 3, "document", "market_review",
          "application_gate"),
    _item("credit_application", "Credit application", FINANCE, "agreement", "dealer", 20, 6, 2, "document",
          "application_gate"),
    _item("credit_limit", "Credit limit set", FINANCE, "agreement", "finance", 28, 6, 3, "number",
          "credit_application", help="In dollars."),
    _item("agreement", "Signed dealer agreement", LEGAL, "agreement", "coordinator", 32, 8, 6, "document",
          "territory", "nda", "credit_limit"),
    _item("compliance_gate", "Licence and insurance review", REVIEW, "agreement", "manager", 34, 2, 4, "note",
          "licence", "insurance", "tax_ids", is_gate=True),
    # ---- set-up
    _item("dealer_code", "Dealer code opened", SYSTEMS, "setup", "coordinator", 35, 1, 2, "number", "agreement"),
    _item("payment_terms", "Payment terms agreed", FINANCE, "setup", "finance", 38, 4, 2, "note", "agreement",
          "credit_limit"),
    _item("bank", "Bank account for transfers", FINANCE, "setup", "dealer", 38, 5, 2, "document", "agreement",
          help="A voided check or a letter of the bank. Never write account numbers into the note."),
    _item("floor_plan", "Floor plan lender confirmed", FINANCE, "setup", "finance", 45, 10, 3, "document",
          "agreement"),
    _item("dms", "DMS and CRM connected", SYSTEMS, "setup", "dealer", 50, 12, 3, "note", "dealer_code"),
    _item("portal_users", "Portal users and roles", SYSTEMS, "setup", "coordinator", 42, 3, 2, "note",
          "dealer_code", help="Asked for on the page Dealer access."),
    _item("lead_delivery", "Test lead delivered", SYSTEMS, "setup", "coordinator", 55, 3, 3, "date", "dms",
          "portal_users", help="An ADF test lead reaches the dealer's system."),
    _item("labor_rate", "Labor rate and parts markup approved", SYSTEMS, "setup", "finance", 50, 7, 2, "number",
          "dealer_code"),
    _item("self_authorization", "Warranty self-authorization level", SYSTEMS, "setup", "manager", 54, 3, 1,
          "number", "labor_rate"),
    _item("sign", "Sign ordered", BRAND, "setup", "field", 42, 6, 2, "date", "agreement"),
    _item("photo_survey", "Photo survey of the site", BRAND, "setup", "field", 52, 8, 2, "document", "sign"),
    _item("digital_profile", "Digital profile", BRAND, "setup", "coordinator", 48, 5, 1, "note", "dealer_code",
          help="Name, hours, pictures and position for the dealer locator."),
    # ---- training
    _item("sales_certificate", "Sales certificates", TRAINING, "training", "dealer", 68, 14, 4, "document",
          "portal_users"),
    _item("service_certificate", "Service certificates", TRAINING, "training", "dealer", 72, 16, 4, "document",
          "portal_users"),
    _item("warranty_certificate", "Warranty administrator certificate", TRAINING, "training", "dealer", 72, 12, 3,
          "document", "portal_users", "self_authorization"),
    # ---- go-live
    _item("opening_order", "Opening parts and tools order", COMMERCIAL, "golive", "dealer", 74, 10, 3, "number",
          "payment_terms", "service_certificate"),
    _item("launch_kit", "Demonstrators and launch kit", COMMERCIAL, "golive", "field", 80, 8, 2, "date",
          "floor_plan", "sales_certificate"),
    _item("facility_gate", "Facility review", REVIEW, "golive", "field", 82, 3, 4, "note",
          "photo_survey", "launch_kit", is_gate=True),
    _item("golive_gate", "Final review", REVIEW, "golive", "manager", 88, 3, 6, "note", "compliance_gate",
          "facility_gate", "lead_delivery", "warranty_certificate", "opening_order", "bank", "digital_profile",
          is_gate=True, second_person=True,
          help="Everything a customer of this dealer will meet works. By somebody who did none of what it waits on."),
)  # fmt: skip

ONBOARDING = Purpose(name=PURPOSE, label="Onboarding", stages=tuple(STAGE_LABELS.items()), standard=STANDARD)
register(ONBOARDING)
