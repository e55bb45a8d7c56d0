"""Documents as senders write them, each in one sentence: what must come out, whatever the spelling (Q1-Q30)."""

# ruff: noqa: E501 - a document under test reads best on one line

from __future__ import annotations

from typing import Any

import pytest

from db.leads.adf import NotReadable, bounce_text, parse
from tests.leads.adf_examples import DATE, NAME, REACHED, RECEIVED, VEHICLE, adf, codes, prospect, read_one

GOOD: dict[str, Any] = {
    "customer_name": "Rosa Alvarez",
    "wanted.label": "2027 Toyota Camry",
    "normal_emails": ("rosa@alvarez.example.com",),
    "e164_phones": ("+13125550144",),
    "vendor_name": "Lakeside Toyota",
    "provider_name": "CarFinder",
}


def look(draft: object, path: str) -> object:
    for name in path.split("."):
        draft = getattr(draft, name) if draft is not None else None
    return draft


def check(xml: str | bytes, expected: dict[str, Any]) -> None:
    draft = read_one(xml)
    assert {path: look(draft, path) for path in expected} == expected


ENVELOPES = [
    ("plain", adf(prospect())),
    ("no prolog at all", adf(prospect(), head="")),
    ("blank lines before the XML declaration", adf(prospect(), head='\n \n<?xml version="1.0"?>\n')),
    ("the official example's head", adf(prospect(), head='<?ADF VERSION "1.0"?>\n<?XML VERSION “1.0”?>\n')),
    ("the two heads the other way round", adf(prospect(), head='<?XML VERSION "1.0"?>\n<?ADF VERSION="1.0"?>\n')),
    ("a head that is not closed properly", adf(prospect(), head='<?adf version="1.0">\n')),
    ("comments before, inside and after", "<!-- a -->" + adf("<!-- b -->", prospect(), head="") + "<!-- c -->\n"),
    ("upper-case elements", adf(prospect(), head="").upper().replace("ROSA ALVAREZ", "")),
    ("a default namespace", adf(prospect()).replace("<adf>", '<adf xmlns="urn:adf:1">')),
    ("a declared prefix", adf(prospect(attributes=" x:score='9'")).replace("<adf>", '<adf xmlns:x="urn:x">')),
    ("an undeclared prefix", adf(prospect(attributes=" x:score='9'"))),
    ("a bare prospect", prospect()),
    ("prospects in a wrapper", adf(f"<prospects>{prospect()}</prospects>")),
    ("an envelope without prospect", adf(prospect().replace("<prospect>", "").replace("</prospect>", ""))),
    ("Windows line ends", adf(prospect()).replace("><", ">\r\n<")),
    ("old Macintosh line ends", adf(prospect()).replace("><", ">\r<")),
    ("stray text between the elements", adf(prospect()).replace("><vehicle", ">IDENTIFIER<vehicle")),
    ("a byte order mark", "\ufeff" + adf(prospect())),
    ("start and end tag in different case", adf(prospect()).replace("</adf>", "</ADF>").replace("</make>", "</Make>")),
    (
        "unquoted attributes",
        adf(prospect()).replace("interest='buy'", "interest=buy").replace('part="first"', "part=first"),
    ),
    (
        "curly quotes",
        adf(prospect()).replace("'buy'", "”buy”").replace('"first"', "“first”").replace('"last"', "„last“"),
    ),
    ("one straight and one curly quote", adf(prospect()).replace('"last"', '”last"')),
    ("attributes glued together", adf(prospect()).replace("interest='buy' status", "interest='buy'status")),
    ("an attribute twice", adf(prospect()).replace("interest='buy'", "interest='buy' interest='sell'")),
    ("a swallowed quote", adf(prospect()).replace("interest='buy' status='new'", 'interest="buy status="new"')),
    ("a reserved instruction in the middle", adf('<?xml version="1.0"?>', prospect())),
]


@pytest.mark.parametrize(("sentence", "xml"), ENVELOPES, ids=[sentence for sentence, _ in ENVELOPES])
def test_the_same_lead_is_read_from_any_envelope(sentence: str, xml: str):
    if sentence == "upper-case elements":
        draft = read_one(xml)
        assert (draft.customer_name, draft.e164_phones) == ("ROSA ALVAREZ", ("+13125550144",))
    else:
        check(xml, GOOD)


ENCODINGS = [
    ("UTF-8 declared", '<?xml version="1.0" encoding="UTF-8"?>', "utf-8"),
    ("UTF-16 with a byte order mark", '<?xml version="1.0" encoding="UTF-16"?>', "utf-16"),
    ("UTF-16 little endian without a mark", "", "utf-16-le"),
    ("UTF-16 big endian without a mark", "", "utf-16-be"),
    ("UTF-32", "", "utf-32"),
    ("Windows-1252 declared", '<?xml version="1.0" encoding="windows-1252"?>', "cp1252"),
    ("Latin-1 declared", '<?xml version="1.0" encoding="ISO-8859-1"?>', "cp1252"),
    ("Latin-9 declared", "<?xml version='1.0' encoding='iso-8859-15'?>", "iso8859-15"),
    ("UTF-16 declared but UTF-8 sent", '<?xml version="1.0" encoding="utf-16"?>', "utf-8"),
    ("UTF-8 declared but Windows-1252 sent", '<?xml version="1.0" encoding="UTF-8"?>', "cp1252"),
    ("nothing declared and Windows-1252 sent", "", "cp1252"),
    ("US-ASCII declared but UTF-8 sent", '<?xml version="1.0" encoding="us-ascii"?>', "utf-8"),
]


@pytest.mark.parametrize(("sentence", "head", "encoding"), ENCODINGS, ids=[row[0] for row in ENCODINGS])
def test_accents_survive_every_encoding(sentence: str, head: str, encoding: str):
    xml = adf(prospect(name="<name>José Núñez</name>", comments="¿Precio?"), head=head)
    draft = read_one(xml.encode(encoding))
    assert (draft.customer_name, draft.question) == ("José Núñez", "¿Precio?")


def test_a_curly_quote_in_a_document_that_claims_latin_1_is_read():
    xml = adf(prospect(comments="I can’t wait"), head='<?xml version="1.0" encoding="iso-8859-1"?>')
    assert read_one(xml.encode("cp1252")).comments == "I can’t wait"


TEXTS = [
    ("a bare ampersand", "Tom & Jerry", "Tom & Jerry"),
    ("an ampersand inside a word", "AT&T or R&D dept; thanks", "AT&T or R&D dept; thanks"),
    ("an ampersand in an address", "see http://x.example/?a=1&b=2", "see http://x.example/?a=1&b=2"),
    ("a bare less-than sign", "budget < 30000 & no rush", "budget < 30000 & no rush"),
    ("a heart", "love it <3", "love it <3"),
    ("something like a tag", "weight <b and more", "weight <b and more"),
    ("an HTML break that is not closed", "one<br>two", "one\ntwo"),
    ("HTML breaks in CDATA", "<![CDATA[Email: yes <br />\nNote: <b>soon</b> <br>]]>", "Email: yes\nNote: soon"),
    ("a CDATA section beside a bare ampersand", "<![CDATA[a < b]]> & c", "a < b & c"),
    ("a whole HTML page in CDATA", "<![CDATA[<!DOCTYPE html><html><body><p>Hi</p></body></html>]]>", None),
    ("markup in the text", "Jane <x>VIP</x> Co", "Jane VIP Co"),
    ("a closing comments tag inside CDATA", "<![CDATA[odd </comments> text]]>", "odd </comments> text"),
    ("the end of a CDATA section in text", "a ]]> b", "a ]]> b"),
    ("numeric references", "&#65;&#x42; &amp; &#128512;", "AB & 😀"),
    ("a capital reference beside a bare ampersand", "a &AMP; b & c", "a & b & c"),
    ("a reference without its semicolon", "item &#5 please", "item &#5 please"),
    ("script that somebody injected", "<![CDATA[<script>alert(1)</script>]]>", "<script>alert(1)</script>"),
    ("a formula that somebody injected", "=HYPERLINK(1)", "=HYPERLINK(1)"),
    ("escaped HTML", "one&lt;br/&gt;two", "one\ntwo"),
    ("an escaped fixed space", "one&amp;nbsp;two", "one two"),
    ("broken nesting", "<b>one<i>two</b>", "onetwo"),
]


@pytest.mark.parametrize(("sentence", "comments", "expected"), TEXTS, ids=[row[0] for row in TEXTS])
def test_comments_are_read_as_a_person_reads_them(sentence: str, comments: str, expected: str | None):
    draft = read_one(adf(prospect(comments=comments)))
    assert draft.customer_name == "Rosa Alvarez"
    if expected is None:
        assert draft.comments
    else:
        assert draft.comments == expected


REFUSED = [
    ("not a character reference", adf(prospect(comments="&#0;")), "illegal_character"),
    ("half a surrogate pair", adf(prospect(comments="&#xD800;")), "illegal_character"),
    ("a bell", adf(prospect(comments="\x07")), "illegal_character"),
    ("a NUL", adf(prospect()) + "\x00", "illegal_character"),
    ("U+FFFE", adf(prospect(comments="\ufffe")), "illegal_character"),
    ("an HTML entity", adf(prospect(name="<name>Jos&eacute;</name>")), "unknown_entity"),
    ("an HTML entity beside a repair", adf(prospect(comments="a & b&nbsp;c")), "unknown_entity"),
    ("an HTML entity in an attribute", adf(prospect(attributes=" x='&copy;'")), "unknown_entity"),
    ("an empty reference", adf(prospect(comments="a &; b")), "unknown_entity"),
    ("a doctype", '<!DOCTYPE adf SYSTEM "adf.dtd">' + adf(prospect(), head=""), "dtd_forbidden"),
    ("a doctype in mixed case", "<!DocType adf []>" + adf(prospect(), head=""), "dtd_forbidden"),
    ("a doctype after a comment", "<!-- x --><!DOCTYPE adf><adf/>", "dtd_forbidden"),
    ("a doctype behind a comment that starts in an instruction", "<?x <!-- ?><!DOCTYPE adf><adf/>", "dtd_forbidden"),
    (
        "a doctype in UTF-16",
        ("<!DOCTYPE adf [<!ENTITY a 'x'>]>" + adf(prospect(), head="")).encode("utf-16"),
        "dtd_forbidden",
    ),
    ("a doctype in UTF-32", "<!DOCTYPE adf><adf/>".encode("utf-32-be"), "dtd_forbidden"),
    ("an entity without doctype", adf("<!ENTITY a 'x'>", prospect()), "dtd_forbidden"),
    ("UTF-7 hiding a doctype", b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE adf+AD4-', "encoding"),
    ("EBCDIC", '<?xml version="1.0" encoding="cp037"?><adf/>', "encoding"),
    ("an encoding nobody knows", '<?xml version="1.0" encoding="klingon"?><adf/>', "encoding"),
    ("bytes of no encoding", b"<adf><prospect>\x81\x8d</prospect></adf>", "encoding"),
    ("half a UTF-16 character", adf(prospect()).encode("utf-16")[:-1], "encoding"),
    ("spaces only", "  \n ", "empty"),
    ("three megabytes", b"<adf>" + b" " * 3_000_000 + b"</adf>", "too_large"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "not_adf"),
    ("a zip file", b"PK\x03\x04\x14\x00\x00\x00", "not_adf"),
    ("a web page", "<html><body>no lead</body></html>", "not_adf"),
    ("JSON", '{"customer": "Rosa"}', "not_adf"),
    ("a STAR document", '<ProcessSalesLead xmlns="urn:star"><adf/></ProcessSalesLead>', "not_adf"),
    ("text before", "Dear dealer, " + adf(prospect(), head=""), "text_around"),
    ("text after", adf(prospect()) + "-- sent from my phone", "text_around"),
    ("two documents in one", adf(prospect()) + adf(prospect()), "several_documents"),
    ("two bare prospects", prospect() + prospect(), "several_documents"),
    ("an end tag missing", adf(prospect()).replace("</customer>", ""), "malformed"),
    ("an end tag of another element", adf(prospect()).replace("</customer>", "</vendor>"), "malformed"),
    ("comments never closed", adf(prospect(comments="hi & bye")).replace("</comments>", ""), "malformed"),
    ("cut in the middle", adf(prospect())[:200], "malformed"),
    ("a comment never closed", "<adf><!-- " + prospect() + "</adf>", "malformed"),
    ("CDATA never closed", adf(prospect(comments="<![CDATA[ x")), "malformed"),
    ("two hyphens in a comment", adf("<!-- a -- b -->", prospect()), "malformed"),
    ("two hyphens in a comment of the head", "<!-- a -- b -->" + adf(prospect(), head=""), "malformed"),
    ("only instructions", "<?a?>" * 200, "malformed"),
    ("no prospect", "<adf><note>hello</note></adf>", "no_prospect"),
    ("absurd nesting", "<adf>" + "<a>" * 5000 + "</a>" * 5000 + "</adf>", "too_deep"),
]


@pytest.mark.parametrize(("sentence", "xml", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_read_is_refused_with_a_reason(sentence: str, xml: str | bytes, code: str):
    raw = xml.encode("utf-8", "surrogatepass") if isinstance(xml, str) else xml
    with pytest.raises(NotReadable) as refused:
        parse(raw, received_at=RECEIVED)
    assert refused.value.code == code
    assert refused.value.problems[0].severity == "error"
    assert f"Code: {code}" in bounce_text(refused.value, file_name="lead.xml")


NAMES = [
    ("parts", '<name part="first">Rosa</name><name part="last">Alvarez</name>', "Rosa Alvarez", "Rosa", "Alvarez"),
    ("parts, family name first", '<name part="last">Alvarez</name><name part="first">Rosa</name>', "Rosa Alvarez", "Rosa", "Alvarez"),
    ("surname and middle", '<name part="first">Rosa</name><name part="middle">M.</name><name part="surname">Alvarez</name>', "Rosa M. Alvarez", "Rosa", "Alvarez"),
    ("a suffix", '<name part="first">Al</name><name part="last">Orr</name><name part="suffix">Jr.</name>', "Al Orr Jr.", "Al", "Orr"),
    ("a whole name", '<name part="full">Rosa de la Vega</name>', "Rosa de la Vega", "Rosa", "de la Vega"),
    ("a whole name without part", "<name>Rosa  Alvarez</name>", "Rosa Alvarez", "Rosa", "Alvarez"),
    ("whole and parts", '<name part="full">Rosa M Alvarez</name><name part="first">Rosa</name><name part="last">Alvarez</name>', "Rosa M Alvarez", "Rosa", "Alvarez"),
    ("two unlabelled words", "<name>Rosa</name><name>Alvarez</name>", "Rosa Alvarez", "Rosa", "Alvarez"),
    ("an unlabelled first name", '<name>Rosa</name><name part="last">Alvarez</name>', "Rosa Alvarez", "Rosa", "Alvarez"),
    ("part in capitals", '<name part="FIRST">Rosa</name><name part="Last Name">Alvarez</name>', "Rosa Alvarez", "Rosa", "Alvarez"),
    ("elements inside the name", "<name><first>Rosa</first><last>Alvarez</last></name>", "Rosa Alvarez", "Rosa", "Alvarez"),
    ("elements instead of the name", "<firstname>Rosa</firstname><last_name>Alvarez</last_name>", "Rosa Alvarez", "Rosa", "Alvarez"),
    ("empty parts", '<name part="first">Rosa</name><name part="middle"/><name part="last"> </name>', "Rosa", "Rosa", None),
    ("CDATA", '<name part="first"><![CDATA[Rosa]]></name><name part="last"><![CDATA[O\'Hara & Co]]></name>', "Rosa O'Hara & Co", "Rosa", "O'Hara & Co"),
    ("a comment in the middle", "<name>Ro<!-- x -->sa Alvarez</name>", "Rosa Alvarez", "Rosa", "Alvarez"),
    ("family name, comma, first name", "<name>Alvarez, Rosa</name>", "Alvarez, Rosa", "Rosa", "Alvarez"),
    ("no name", "", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "name", "full", "first", "last"), NAMES, ids=[row[0] for row in NAMES])
def test_names_in_every_arrangement(sentence: str, name: str, full: str | None, first: str | None, last: str | None):
    draft = read_one(adf(prospect(name=name)))
    assert (draft.customer_name, draft.first_name, draft.last_name) == (full, first, last)


def test_a_business_is_the_company_and_the_customer_only_when_no_person_is_named():
    business = '<name part="full" type="business">Hill Plumbing LLC</name>'
    alone = read_one(adf(prospect(name=business)))
    assert (alone.customer_name, alone.company, alone.first_name) == ("Hill Plumbing LLC", "Hill Plumbing LLC", None)
    both = read_one(adf(prospect(name=business + NAME)))
    assert (both.customer_name, both.company) == ("Rosa Alvarez", "Hill Plumbing LLC")


@pytest.mark.parametrize(
    ("sentence", "vendor", "name"),
    [
        ("vendorname", "<vendor><vendorname>A</vendorname><contact><name>B</name></contact></vendor>", "A"),
        ("an empty vendorname", "<vendor><vendorname/><contact><name>B</name></contact></vendor>", "B"),
        ("vendor/name", "<vendor><name>A</name></vendor>", "A"),
        ("parts of a contact's name", f"<vendor><contact>{NAME}</contact></vendor>", "Rosa Alvarez"),
        (
            "CDATA and an ampersand",
            "<vendor><vendorname><![CDATA[Smith & Sons]]></vendorname></vendor>",
            "Smith & Sons",
        ),
        ("text only", "<vendor>Smith Motors</vendor>", "Smith Motors"),
        ("an empty one first", "<vendor/><vendor><vendorname>A</vendorname></vendor>", "A"),
        ("none", "", None),
        ("an id only", "<vendor><id source='OEM'>04123</id></vendor>", None),
    ],
)
def test_the_vendor_is_named_in_many_ways(sentence: str, vendor: str, name: str | None):
    assert read_one(adf(prospect(vendor=vendor))).vendor_name == name


@pytest.mark.parametrize(
    ("sentence", "provider", "name", "service"),
    [
        ("name and service", "<provider><name>P</name><service>S</service></provider>", "P", "S"),
        ("the contact person is not the provider", "<provider><contact><name>Fred</name></contact></provider>", None, None),
        ("a business name", "<provider><name part='full' type='business'>P</name></provider>", "P", None),
        ("parts of a name", "<provider><name part='first'>Car</name><name part='last'>Point</name></provider>", "Car Point", None),
        ("text only", "<provider>CarPoint</provider>", "CarPoint", None),
        ("elements in another order", "<provider><url>u</url><service>S</service><name>P</name></provider>", "P", "S"),
        ("none", "", None, None),
    ],
)  # fmt: skip
def test_the_provider_is_named_in_many_ways(sentence: str, provider: str, name: str | None, service: str | None):
    draft = read_one(adf(prospect(provider=provider)))
    assert (draft.provider_name, draft.provider_service) == (name, service)


def test_vendor_ids_keep_leading_zeros_and_ids_keep_their_order_and_counter():
    ids = "<id sequence='uuid-7' source='Cobalt'>0056</id><id source='Empty'></id><id>9</id>"
    draft = read_one(adf(prospect(ids=ids, vendor="<vendor><id source='OEM'>04123</id></vendor>")))
    assert [(i.source, i.value, i.sequence) for i in draft.ids] == [
        ("Cobalt", "0056", "uuid-7"),
        ("Empty", None, None),
        (None, "9", None),
    ]
    assert draft.vendor.ids[0].value == "04123"


def test_contact_points_are_found_wherever_they_stand_and_kept_in_order():
    customer = (
        "<customer><name>Rosa Alvarez</name><email preferredcontact='1'>r@x.example.com</email><cellphone>312-555-0144</cellphone>"
        "<international_phone>+44 20 7946 0958</international_phone><phone type='home' time='evening'>312 555 0101</phone>"
        "<phone type='fax'>312 555 0102</phone><phone type='carrier pigeon'>312 555 0103</phone></customer>"
    )
    draft = read_one(adf(prospect(customer=customer)))
    assert draft.customer_name == "Rosa Alvarez"
    assert [(p.kind, p.place, p.time) for p in draft.phones] == [
        ("cellphone", None, None),
        ("voice", None, None),
        ("voice", "home", "evening"),
        ("fax", None, None),
        ("voice", None, None),
    ]
    assert draft.e164_phones == ("+13125550144", "+442079460958", "+13125550101", "+13125550103")
    assert (draft.preferred_contact, "phone_type_unknown" in codes(draft)) == ("email", True)


def test_a_prospect_nobody_could_answer_is_kept_aside_and_says_so():
    draft = read_one(adf(prospect(reached="<email> </email><phone>N/A</phone>")))
    assert draft.quarantine
    assert [issue.code for issue in draft.issues if issue.severity == "error"] == ["no_contact_point"]
    told = bounce_text(draft, file_name="lead.xml")
    assert "Prospect 1" in told
    assert "Add a phone number or an e-mail address" in told
    assert "Alvarez" not in told


def test_an_address_that_cannot_be_mailed_is_kept_with_a_warning():
    draft = read_one(adf(prospect(reached="<email>rosa at example</email>")))
    assert (draft.emails[0].raw, draft.emails[0].normal, draft.quarantine) == ("rosa at example", None, None)
    assert "email_invalid" in codes(draft)


def test_the_numbers_of_another_country_are_read_for_the_dealer_there():
    xml = adf(prospect(reached="<phone>020 7946 0958</phone>"))
    assert read_one(xml, country="GB").e164_phones == ("+442079460958",)
    assert read_one(xml).e164_phones == ()


def test_an_address_is_read_with_its_streets_in_order_and_its_country_in_two_letters():
    address = (
        "<address type='home'><street line='2'>Unit 5</street><street line='1'>12 Elm St</street><apt>5</apt><city>Gary</city>"
        "<state>IN</state><zip>46402</zip><country>USA</country></address>"
    )
    found = read_one(adf(prospect(address=address))).address
    assert found is not None
    assert (found.streets, found.apartment, found.city, found.region) == (("12 Elm St", "Unit 5"), "5", "Gary", "IN")
    assert (found.postal, found.country, found.country_raw, found.kind) == ("46402", "US", "USA", "home")


def test_many_prospects_are_read_one_by_one():
    xml = adf(*(prospect(ids=f"<id source='S'>{n}</id>") for n in range(1, 51)))
    document = parse(xml.encode(), received_at=RECEIVED)
    assert [draft.ids[0].value for draft in document.prospects] == [str(n) for n in range(1, 51)]
    assert [draft.position for draft in document.prospects] == list(range(1, 51))


def test_vehicles_and_options_in_wrappers_are_found():
    options = "<options><option><optionname>Tow bar</optionname></option></options>"
    wrapped = f"<vehicles>{VEHICLE.replace('</vehicle>', options + '</vehicle>')}</vehicles>"
    draft = read_one(adf(prospect(vehicle=wrapped)))
    assert draft.wanted is not None
    assert [option.name for option in draft.wanted.options] == ["Tow bar"]


def test_the_time_of_receipt_must_know_its_zone():
    with pytest.raises(ValueError, match="zone"):
        parse(adf(prospect()).encode(), received_at=RECEIVED.replace(tzinfo=None))


def test_a_resend_is_recognised_in_any_case_and_an_unknown_status_is_new():
    assert read_one(adf(prospect(attributes=" status='ReSend'"))).status == "resend"
    odd = read_one(adf(prospect(attributes=" status='weird'")))
    assert (odd.status, odd.status_raw, "prospect_status" in codes(odd)) == ("new", "weird", True)


def test_a_repaired_document_says_what_was_wrong_and_where():
    document = parse(adf(prospect(comments="a & b")).encode(), received_at=RECEIVED)
    assert document.repaired
    assert [(issue.code, issue.path.startswith("line 3, column ")) for issue in document.issues] == [("repaired", True)]
    assert not parse(adf(prospect()).encode(), received_at=RECEIVED).repaired


def test_the_printed_example_of_the_specification_is_read():
    xml = (
        "<adf><prospect status=”resend”><id sequence=1 source=”Cobalt”>38889</id>"
        + DATE
        + "<vehicle interest=”buy” status=used>"
        "<year>1999</year><make>Chevrolet</make><model>Blazer</model><odometer status=”replaced” units=”miles”>90,000</odometer>"
        "<price type=”quote” currency=”USD”>26995</price><option><optionname>Sport</name><weighting>65</weighting></option>"
        '<finance><method>finance</method><amount type="total currency="USD">50000</amount></finance></vehicle>'
        f"<customer><contact>{NAME}{REACHED}</contact></customer></prospect></adf>"
    )
    draft = read_one(xml)
    vehicle = draft.vehicles[0]
    assert (draft.status, draft.ids[0].value, vehicle.odometer, vehicle.odometer_units) == (
        "resend",
        "38889",
        90000,
        "mi",
    )
    assert (vehicle.price_cents, vehicle.options[0].name, vehicle.options[0].weighting) == (2_699_500, "Sport", 65)
    assert [(a.kind, a.cents, a.currency) for a in vehicle.finance_amounts] == [("total", 5_000_000, "USD")]


def test_extensions_are_kept_beside_the_lead_and_personal_ones_hidden():
    reached = REACHED + "<gender>2</gender><birthday>1980-01-02</birthday><locale>fr</locale>"
    draft = read_one(
        adf(prospect(reached=reached, vehicle=VEHICLE.replace("</vehicle>", "<hotness>97</hotness></vehicle>")))
    )
    assert dict(draft.extras) == {
        "vehicle/hotness": "97",
        "contact/gender": "2",
        "contact/birthday": "•••",
        "contact/locale": "fr",
    }
    assert draft.sensitive == ("dob",)
