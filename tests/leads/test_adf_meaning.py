"""What a lead means: which vehicle is wanted, which one is the customer's own, and what the comments ask (Q16-Q19, Q27)."""

# ruff: noqa: E501 - a document under test reads best on one line

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from db.leads import intake_facts as facts
from db.leads.adf_comments import consents, preferred_contact, question, sell_option, wants_finance, wants_test_drive
from db.leads.adf_draft import LeadDraft, VendorDraft
from db.leads.adf_meaning import spoken_case, without_fragment
from db.leads.adf_privacy import mask
from db.leads.adf_values import cents_of, day_of, moment_of, odometer_of, year_of
from tests.leads.adf_examples import RECEIVED, VEHICLE, adf, codes, prospect, read_one


def vehicle(interest: str, year: str = "", make: str = "", model: str = "", more: str = "") -> str:
    return (
        f"<vehicle interest='{interest}'><year>{year}</year><make>{make}</make><model>{model}</model>{more}</vehicle>"
    )


CAMRY = vehicle("buy", "2027", "Toyota", "Camry XSE")
OWN = [
    ("an own vehicle of another model", CAMRY + vehicle("trade-in", "2015", "Ford", "Edge"), "", "2015 Ford Edge"),
    ("listed before the wanted one", vehicle("trade-in", "2015", "Ford", "Edge") + CAMRY, "", "2015 Ford Edge"),
    ("the same model with its own year", CAMRY + vehicle("trade-in", "2015", "Toyota", "Camry"), "", "2015 Toyota Camry"),
    ("an echo of the wanted one", CAMRY + vehicle("trade-in", "", "TOYOTA", "Camry"), "", None),
    ("an echo with an empty odometer", CAMRY + vehicle("trade-in", "", "", "camry  xse", "<odometer/>"), "", None),
    ("an echo of the make alone", CAMRY + vehicle("trade-in", "", "Toyota"), "", None),
    ("an echo, but the customer speaks of a trade", CAMRY + vehicle("trade-in", "", "Toyota", "Camry"), "I would trade in mine", "Toyota Camry"),
    ("an echo, and the customer has no trade", CAMRY + vehicle("trade-in", "", "Toyota", "Camry"), "I do not have a trade-in", None),
    ("an echo, and a form says none", CAMRY + vehicle("trade-in", "", "Toyota", "Camry"), "Trade-In: None", None),
    ("a part of a word is no echo", vehicle("buy", "2027", "Ford", "Explorer") + vehicle("trade-in", "", "Ford", "Explore"), "", "Ford Explore"),
    ("the wanted VIN again", vehicle("buy", "2003", "Honda", "Accord", "<vin>1HGCM82633A004352</vin>") + vehicle("trade-in", "2003", "Honda", "Accord", "<vin>1hgcm82633a004352</vin>"), "", None),
    ("an empty own vehicle", CAMRY + vehicle("trade-in"), "", None),
    ("an empty own vehicle and labels", vehicle("sell"), "Year: 2012 <br/> Make: JEEP <br/> Model: WRANGLER", "2012 Jeep Wrangler"),
    ("labels of a trade without any own vehicle", CAMRY, "Trade-In Year: 2014<br/>Trade-In Make: Kia<br/>Trade-In Model: Soul", "2014 Kia Soul"),
    ("one label with the whole vehicle", CAMRY, "Trade-in vehicle: 2011 Mazda CX-9, 98,000 miles", "2011 Mazda CX-9"),
    ("a plain sentence", CAMRY, "Thinking of trading in my 2013 Subaru Outback soon", "2013 Subaru Outback"),
    ("labels of the wanted vehicle", CAMRY, "Model Year: 2027, Model: Camry", None),
    ("a credit application", vehicle("buy", "2020", "X", "Y"), "App ID: 1, Model Year: 2020, Make: X, Model: Y", None),
    ("a value-my-trade form without vehicle", "", "Event Name: Value My Trade<br/>Year: 2009<br/>Make: AUDI<br/>Model: A4", "2009 Audi A4"),
    ("empty labels", vehicle("sell"), "Year: <br/>Make: N/A<br/>Model: none", None),
    ("two own vehicles", CAMRY + vehicle("trade-in", "2010", "A", "B") + vehicle("sell", "2011", "C", "D"), "", "2010 A B"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "vehicles", "comments", "own"), OWN, ids=[row[0] for row in OWN])
def test_the_own_vehicle_is_told_from_an_echo(sentence: str, vehicles: str, comments: str, own: str | None):
    draft = read_one(adf(prospect(vehicle=vehicles, comments=comments)))
    assert (draft.trade_in.label if draft.trade_in else None) == own
    if draft.trade_in:
        assert draft.trade_in.status == "used"


WANTED = [
    ("the only one", CAMRY, "2027 Toyota Camry XSE"),
    ("no interest said", "<vehicle><year>2027</year><make>A</make><model>B</model></vehicle>", "2027 A B"),
    ("an own vehicle only", vehicle("trade-in", "2019", "A", "B"), None),
    ("a vehicle to sell only", vehicle("SELL", "2019", "A", "B"), None),
    ("a synonym of an own vehicle", vehicle("Trade", "2019", "A", "B"), None),
    (
        "a trade spelt oddly before the wanted one",
        vehicle("trade_in", "2019", "A", "B") + CAMRY,
        "2027 Toyota Camry XSE",
    ),
    ("an empty one before a full one", vehicle("buy") + CAMRY, "2027 Toyota Camry XSE"),
    ("a test drive", vehicle("test-drive", "2027", "A", "B"), "2027 A B"),
    ("an interest nobody knows", vehicle("loan", "2027", "A", "B"), "2027 A B"),
    ("all empty", vehicle("buy"), None),
    ("none", "", None),
    ("a model cut off", vehicle("buy", "2027", "A", "Road Glide (Spec"), "2027 A Road Glide"),
]


@pytest.mark.parametrize(("sentence", "vehicles", "wanted"), WANTED, ids=[row[0] for row in WANTED])
def test_the_wanted_vehicle_is_never_the_customers_own(sentence: str, vehicles: str, wanted: str | None):
    draft = read_one(adf(prospect(vehicle=vehicles)))
    assert (draft.wanted.label if draft.wanted else None) == wanted
    assert draft.quarantine is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Road Glide (Spec", "Road Glide"),
        ("Boulevard (Two-Tone)", "Boulevard (Two-Tone)"),
        ("F-150 (4x4) Lariat (Sup", "F-150 (4x4) Lariat"),
        ("Civic [EX", "Civic"),
        ("a) b", "a) b"),
        ("(Spec", "Spec"),
        ("((a)", "a)"),
        ("", ""),
    ],
)
def test_only_an_unclosed_fragment_is_cut(written: str, kept: str):
    assert without_fragment(written) == kept


def test_shouted_words_are_lowered_and_short_ones_stay():
    assert [spoken_case(text) for text in ("HARLEY-DAVIDSON", "XL883C", "BMW", "CR-V", "McLaren")] == [
        "Harley-Davidson",
        "Xl883c",
        "BMW",
        "CR-V",
        "McLaren",
    ]


def test_a_vehicle_is_read_in_units_that_can_be_compared():
    more = (
        "<vin>1hgcm826-33a-004352</vin><stocknumber>P72</stocknumber><mileage unit='MILES'>13,200</mileage><condition>Very Good</condition>"
        "<price currency='usd'>$26,995.50</price><color>Blue</color>"
    )
    found = read_one(adf(prospect(vehicle=vehicle("lease", "'03", "Honda", "Accord", more)))).vehicles[0]
    assert (found.interest, found.year, found.vin, found.stock) == ("lease", 2003, "1HGCM82633A004352", "P72")
    assert (found.odometer, found.odometer_units, found.condition) == (13200, "mi", "good")
    assert (found.price_cents, found.currency, found.colours[0].exterior) == (2_699_550, "USD", "Blue")


def test_a_price_of_nothing_and_a_price_relative_to_another_are_no_price():
    free = read_one(adf(prospect(vehicle=vehicle("buy", "2027", "A", "B", "<price>0.00</price>")))).vehicles[0]
    assert (free.price_cents, free.price_raw) == (None, "0.00")
    relative = "<price delta='percentage' relativeto='invoice'>2</price>"
    assert read_one(adf(prospect(vehicle=vehicle("buy", "2027", "A", "B", relative)))).vehicles[0].price_cents is None


def test_a_vin_that_cannot_belong_to_the_vehicle_is_a_warning_only():
    odd = read_one(adf(prospect(vehicle=vehicle("buy", "2020", "Volvo", "XC90", "<vin>2GTEK19R7V1511644</vin>"))))
    assert "vin_year" in codes(odd)
    short = read_one(adf(prospect(vehicle=vehicle("buy", "2020", "Volvo", "XC90", "<vin>2GTEK</vin>"))))
    assert (short.wanted.vin if short.wanted else None, "vin_shape" in codes(short)) == ("2GTEK", True)


CHANNELS = [
    ("PreferredMethodOfContact - text(sms), Other - yes", "sms"),
    ("Preferred Contact Method: Phone", "phone"),
    ("Best way to contact: E-mail", "email"),
    ("Contact Preference: Text Message", "sms"),
    ("Preferred contact: cell phone", "phone"),
    ("Preferred Contact Method: Phone or Email", None),
    ("please text me", "sms"),
    ("Don't call, email me please", "email"),
    ("call or text me", None),
    ("Please do not call", None),
    ("My email is on file", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "channel"), CHANNELS, ids=[row[0] or "nothing" for row in CHANNELS])
def test_the_preferred_channel_is_found_only_when_it_is_clear(text: str, channel: str | None):
    assert preferred_contact(text) == channel


def test_consent_is_kept_with_its_words_and_a_refusal_wins():
    text = "Email Opt-In: Yes\nPhone Opt-In: No\nText Opt-Out: Yes\nMail Opt-In: true\nI agree to receive text messages about it"
    assert {found.channel: found.given for found in consents(text)} == {
        "email": True,
        "phone": False,
        "sms": False,
        "mail": True,
    }
    assert consents("I do not agree to receive calls") == ()
    assert [(found.channel, found.given) for found in consents("Please don't call")] == [("phone", False)]
    assert [found.text for found in consents("OK to text: yes, OK to call: no")] == [
        "OK to text: yes",
        "OK to call: no",
    ]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Hello. Is it still there? Thanks", "Is it still there?"),
        ("Question: What is your best price", "What is your best price"),
        ("Comments: Can you deliver by Friday", "Can you deliver by Friday"),
        ("See https://x.example/?a=1", None),
        ("Please call", None),
        ("", None),
    ],
)
def test_the_asked_question_is_found(text: str, asked: str | None):
    assert question(text) == asked


def test_wishes_are_heard_and_refusals_too():
    assert wants_finance("I need financing")
    assert wants_finance("Solicito financiación")
    assert wants_finance("Form: Credit Application")
    assert not wants_finance("No financing needed, paying cash")
    assert not wants_finance("Financing: No")
    assert wants_test_drive("Room58 - Book test ride")
    assert not wants_test_drive("I don't want a test drive")
    assert not wants_test_drive("Test drive: no")
    assert sell_option("Options: OPEN") == "either"
    assert sell_option("Would you trade or pay cash?") == "either"
    assert sell_option("I want to sell my car") == "sell"
    assert sell_option("nice car") is None


def test_finance_and_test_drive_are_also_told_by_the_vehicle():
    financed = "<finance><method>Finance</method><amount type='monthly'>400</amount></finance>"
    assert read_one(adf(prospect(vehicle=vehicle("buy", "2027", "A", "B", financed)))).finance_requested
    cash = "<finance><method>cash</method><amount>30000</amount></finance>"
    assert not read_one(adf(prospect(vehicle=vehicle("buy", "2027", "A", "B", cash)))).finance_requested
    owed = "<finance><method>finance</method><balance>9000</balance></finance>"
    own = read_one(adf(prospect(vehicle=CAMRY + vehicle("trade-in", "2019", "A", "B", owed))))
    assert not own.finance_requested
    assert own.trade_in is not None
    assert own.trade_in.finance_balance is not None
    assert own.trade_in.finance_balance.cents == 900_000
    assert read_one(adf(prospect(vehicle=vehicle("testdrive", "2027", "A", "B")))).test_drive


SECRETS = [
    ("Date of Birth: 1980-11-17", "dob", "1980-11-17"),
    ("DOB 11/17/80", "dob", "11/17/80"),
    ("born on March 3, 1980", "dob", "March 3, 1980"),
    ("SSN: 123-45-6789", "ssn", "123-45-6789"),
    ("my number is 123-45-6789 ok", "ssn", "123-45-6789"),
    ("Social Security Number (last 4): 6789", "ssn", "6789"),
    ("SIN 046 454 286", "ssn", "046 454 286"),
    ("Monthly Income: $5,500", "income", "5,500"),
    ("salary is 72k", "income", "72k"),
    ("IP Address: 70.25.4.55", "ip", "70.25.4.55"),
    ("IP: 2001:db8::1", "ip", "2001:db8"),
    ("card 4111 1111 1111 1111", "card", "4111"),
    ("Account Number: 000123456789", "account", "000123456789"),
    ("Driver's License #: D123-4567", "licence", "D123-4567"),
    ("DNI 74563123", "national_id", "74563123"),
]


@pytest.mark.parametrize(("text", "kind", "secret"), SECRETS, ids=[row[0] for row in SECRETS])
def test_personal_numbers_are_hidden_and_named(text: str, kind: str, secret: str):
    masked, kinds = mask(f"Hi. {text}\nCall me at 312-555-0144 about VIN 1HGCM82633A004352, 2027 Camry, $26,995")
    assert secret not in masked
    assert kinds == (kind,)
    assert "312-555-0144 about VIN 1HGCM82633A004352, 2027 Camry, $26,995" in masked


def test_ordinary_numbers_are_not_hidden():
    text = "Call 312-555-0144 or +1 312 555 0144, VIN 1HGCM82633A004352, price 26995.00 on 05/27/2026, version 1.2.3"
    assert mask(text) == (text, ())


DATES = [
    ("2026-11-22T14:30:00-06:00", datetime(2026, 11, 22, 20, 30, tzinfo=UTC), ()),
    ("20261122T143000-0600", datetime(2026, 11, 22, 20, 30, tzinfo=UTC), ()),
    ("2026-11-22T14:30:00Z", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ()),
    ("2026-11-22T14:30:00.045-03:00", datetime(2026, 11, 22, 17, 30, 0, 45_000, tzinfo=UTC), ()),
    ("2026-11-22T14:30:00-08:0", datetime(2026, 11, 22, 22, 30, tzinfo=UTC), ("odd_offset",)),
    ("2026-11-22T8:47:50", datetime(2026, 11, 22, 8, 47, 50, tzinfo=UTC), ("no_offset",)),
    ("2026-11-22 14:30:00", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ("no_offset",)),
    ("2026-22-11 14:30:00", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ("no_offset", "swapped")),
    ("11/22/26", datetime(2026, 11, 22, tzinfo=UTC), ("no_time",)),
    ("11/22/2026 2:30 PM", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ("no_offset",)),
    ("22.11.2026 14:30", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ("no_offset",)),
    ("Sun, 22 Nov 2026 14:30:00 -0600", datetime(2026, 11, 22, 20, 30, tzinfo=UTC), ()),
    ("November 22, 2026 2:30 pm EST", datetime(2026, 11, 22, 19, 30, tzinfo=UTC), ()),
    ("2026-11-22T14:30:00-99:00", datetime(2026, 11, 22, 14, 30, tzinfo=UTC), ("bad_offset",)),
    ("2000-03-30T15:30:20-08:00", datetime(2000, 3, 30, 23, 30, 20, tzinfo=UTC), ("far",)),
    ("2026-13-40T00:00:00Z", None, ("unreadable",)),
    ("0001-01-01T00:00:00+14:00", None, ("unreadable",)),
    ("one", None, ("unreadable",)),
]


@pytest.mark.parametrize(("written", "at", "doubts"), DATES, ids=[row[0] for row in DATES])
def test_request_dates_are_read_with_their_doubts(written: str, at: datetime | None, doubts: tuple[str, ...]):
    moment = moment_of(written, received_at=RECEIVED)
    assert (moment.at, moment.doubts) == (at, doubts)


def test_day_and_month_are_swapped_only_towards_the_day_of_receipt():
    received = datetime(2026, 6, 5, 12, 0, tzinfo=UTC)
    assert moment_of("05/06/2026 10:00", received_at=received).doubts == ("no_offset", "swapped")
    assert moment_of("06/05/2026 10:00", received_at=received).doubts == ("no_offset", "ambiguous")
    spec = moment_of("2026-05-06T10:00:00-05:00", received_at=received)
    assert (spec.at, spec.doubts) == (datetime(2026, 5, 6, 15, 0, tzinfo=UTC), ("far",))


def test_a_date_that_cannot_be_trusted_says_so_and_is_kept():
    far = read_one(adf(prospect(date="<requestdate>2000-03-30T15:30:20-08:00</requestdate>")))
    assert (far.requested_at_trusted, far.requested_at) == (False, datetime(2000, 3, 30, 23, 30, 20, tzinfo=UTC))
    assert read_one(adf(prospect())).requested_at_trusted
    missing = read_one(adf(prospect(date="")))
    assert (missing.requested_at, missing.requested_at_raw, missing.requested_at_trusted) == (None, None, False)


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("26995", 2_699_500),
        ("$26,995.00", 2_699_500),
        ("26.995,50", 2_699_550),
        ("26 995,00 €", 2_699_500),
        ("27.5k", 2_750_000),
        ("1,234", 123_400),
        ("0.00", 0),
        ("10.005", 1_000_500),
        ("-500", -50_000),
        ("TBD", None),
        ("$600 - $1600", None),
        ("", None),
        ("9" * 30, None),
    ],
)
def test_money_is_whole_cents(written: str, cents: int | None):
    assert cents_of(written) == cents


def test_years_and_odometers_in_every_spelling():
    today = RECEIVED.date()
    assert [year_of(text, today=today) for text in ("1999", "99", "'08", "2028", "2029", "1899", "MY27", "20x7")] == [
        1999,
        1999,
        2008,
        2028,
        None,
        None,
        2027,
        None,
    ]
    read = [odometer_of(text) for text in ("13,200", "12.5k miles", "90000 km", "123.456 km", "13200.0", "low")]
    assert read == [(13200, None), (12500, "mi"), (90000, "km"), (123456, "km"), (13200, None), (None, None)]


def test_a_time_frame_is_read_from_elements_and_from_plain_text():
    frame = (
        "<timeframe><description>soon</description><earliestdate>2026-12-01T00:00:00-05:00</earliestdate></timeframe>"
    )
    found = read_one(adf(prospect(after_contact=frame))).timeframe
    assert found is not None
    assert (found.description, found.earliest, found.latest) == ("soon", "2026-12-01", None)
    plain = read_one(adf(prospect(after_contact="<timeframe>Within 1 month</timeframe>"))).timeframe
    assert plain is not None
    assert plain.description == "Within 1 month"
    assert day_of("12/31/2026", received_at=RECEIVED) == "2026-12-31"


def test_what_a_draft_says_is_every_field_of_it_and_its_hash_stays():
    """Leads are recognised by the hash stored years ago, so what is hashed may be worked out in another way only."""
    full = read_one(adf(prospect(vehicle=VEHICLE + TRADE, name="<name part='full'>Élan \"R\" Ruiz</name>")))
    for draft in (full, replace(full, wanted=replace(full.vehicles[0], trim="XSE")), replace(full, vehicles=()),
                  LeadDraft(), LeadDraft(vendor=VendorDraft(name="Harbor"))):  # fmt: skip
        plainly = {one.name: facts.plain(getattr(draft, one.name)) for one in fields(draft)}
        assert facts.said(draft) == plainly
        for name in ("position", "issues", "requested_at_trusted"):
            plainly.pop(name)
        text = json.dumps(plainly, sort_keys=True, ensure_ascii=False)
        assert facts.content_hash(facts.said(draft)) == hashlib.sha256(text.encode()).hexdigest()
    assert facts.content_hash(facts.said(LeadDraft(customer_name="Rosa"))) == PINNED


PINNED = "210c6fea7dd66ea38e98999994541ea767727cb0e4c1e3ecc0d5a6be2eb80201"
TRADE = "<vehicle interest='trade-in' status='used'><year>2015</year><make>Honda</make><model>Civic</model></vehicle>"


def test_comments_are_collected_from_every_place_senders_use():
    draft = read_one(
        adf(
            "<prospect><comments>one</comments>"
            + VEHICLE
            + "<customer><contact><email>a@b.example.com</email><comment>two</comment></contact><comments>three</comments>"
            "<notes>two</notes></customer></prospect>"
        )
    )
    assert draft.comments == "three\ntwo\none"
