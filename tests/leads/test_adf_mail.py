"""Where a lead can hide in a mail: as a part, an attachment or the body, in every transfer encoding (spec p. 19, Q3)."""

# ruff: noqa: E501 - a document under test reads best on one line

from __future__ import annotations

import base64
import contextlib
import html
import quopri
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.leads.adf import NotReadable, parse
from db.leads.adf_mail import MailPart, documents_in, is_mail
from tests.leads.adf_examples import RECEIVED, adf, prospect

LEAD = adf(prospect(name="<name>José Núñez</name>", comments="Tom &amp; I, ready?"))
HEAD = "From: Leads <leads@carfinder.example>\r\nTo: desk@maker.example\r\nSubject: New lead\r\nMIME-Version: 1.0\r\n"


def read_all(raw: bytes, file_name: str) -> None:
    for found in documents_in(raw, file_name=file_name):
        parse(found.raw, received_at=RECEIVED)


def message(text: str = "A new lead came in.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Leads <leads@carfinder.example>", "desk@maker.example", "New lead"
    mail.set_content(text)
    return mail


def body(text: str, *, content_type: str = "text/plain", charset: str = "utf-8", encoding: str = "8bit") -> bytes:
    data = text.encode(charset)
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    head = f"{HEAD}Content-Type: {content_type}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + data


def attached(data: bytes, *, maintype: str, subtype: str, filename: str | None = None) -> bytes:
    mail = message()
    mail.add_attachment(data, maintype=maintype, subtype=subtype, filename=filename)
    return mail.as_bytes()


def nested() -> bytes:
    outer = message("Forwarded below.")
    inner = message(LEAD)
    outer.add_attachment(inner)
    return outer.as_bytes()


def alternative() -> bytes:
    mail = message(f"Human readable\n\n{LEAD}")
    mail.add_alternative(f"<html><body><pre>{html.escape(LEAD)}</pre></body></html>", subtype="html")
    return mail.as_bytes()


def charset_part() -> bytes:
    data = LEAD.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>').encode("cp1252")
    part = f"{HEAD}Content-Type: application/xml; charset=windows-1252\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return part.encode() + data


ESCAPED = html.escape(LEAD)
MAILS = [
    ("the whole body", body(LEAD), "body"),
    ("a body in quoted-printable", body(LEAD, encoding="quoted-printable"), "body"),
    ("a body in base64", body(LEAD, encoding="base64"), "body"),
    ("a body in Latin-1", body(LEAD, charset="iso-8859-1"), "body"),
    ("a body whose charset is a lie", body(LEAD).replace(b"charset=utf-8", b"charset=us-ascii"), "body"),
    ("a body whose charset nobody knows", body(LEAD).replace(b"charset=utf-8", b"charset=klingon"), "body"),
    ("text around the document", body(f"Dear dealer,\n\n{LEAD}\n-- \nCarFinder"), "body"),
    ("a quoted document", body("\n".join(f"> {row}" for row in LEAD.replace("><", ">\n<").split("\n"))), "body"),
    ("an escaped body", body(f"A lead:\n{ESCAPED}"), "body"),
    ("an HTML body", body(f"<html><body><p>Lead</p><pre>{ESCAPED}</pre></body></html>", content_type="text/html"), "body"),
    ("an HTML body with breaks", body(f"<div>{ESCAPED.replace('&gt;&lt;', '&gt;<br>&nbsp;&lt;')}</div>", content_type="text/html"), "body"),
    ("an HTML body escaped twice", body(f"<p>{html.escape(ESCAPED)}</p>", content_type="text/html"), "body"),
    ("an HTML body with the document as it is", body(f"<html><style>p {{}}</style><body>{LEAD}</body></html>", content_type="text/html"), "body"),
    ("quoted-printable that nobody declared", body(quopri.encodestring(LEAD.encode(), quotetabs=False).decode()), "body"),
    ("a part of type application/xml", attached(LEAD.encode(), maintype="application", subtype="xml"), "part"),
    ("a part of type text/xml", body(LEAD, content_type="text/xml"), "part"),
    ("a part of the format's own type", attached(LEAD.encode(), maintype="application", subtype="x-adf+xml"), "part"),
    ("an .adf attachment", attached(LEAD.encode(), maintype="application", subtype="octet-stream", filename="lead.ADF"), "attachment"),
    ("an .xml attachment", attached(LEAD.encode("utf-16"), maintype="application", subtype="octet-stream", filename="lead.xml"), "attachment"),
    ("an attachment without a name", attached(LEAD.encode(), maintype="application", subtype="octet-stream"), "part"),
    ("a forwarded mail", nested(), "body"),
    ("text and HTML with the same lead", alternative(), "body"),
    ("a part whose charset overrules the declaration", charset_part(), "part"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "mail", "place"), MAILS, ids=[row[0] for row in MAILS])
def test_the_lead_is_found_once_and_whole(sentence: str, mail: bytes, place: str):
    (found,) = documents_in(mail, file_name="mail.eml")
    assert found.place == place
    (draft,) = parse(found.raw, received_at=RECEIVED).prospects
    assert draft.customer_name == "José Núñez"
    assert (draft.comments, draft.question) == ("Tom & I, ready?", "Tom & I, ready?")
    assert found.sender.endswith("<leads@carfinder.example>")


def test_a_file_is_handed_on_as_it_is():
    raw = LEAD.encode()
    assert documents_in(raw, file_name="lead.xml") == [MailPart(file_name="lead.xml", raw=raw, place="file")]
    naked = b"Hi, I'm interested in the Camry. Please call me."
    assert documents_in(naked, file_name="lead.xml")[0].raw == naked


def test_a_file_that_was_escaped_as_a_whole_is_unescaped():
    (found,) = documents_in(ESCAPED.encode(), file_name="lead.xml")
    assert parse(found.raw, received_at=RECEIVED).prospects[0].customer_name == "José Núñez"


def test_another_xml_file_beside_the_lead_is_passed_over_and_judged_only_when_alone():
    mail = message(LEAD)
    mail.add_attachment(b"<invoice/>", maintype="application", subtype="xml", filename="invoice.xml")
    (found,) = documents_in(mail.as_bytes(), file_name="mail.eml")
    assert found.place == "body"
    alone = attached(b"<invoice/>", maintype="application", subtype="xml", filename="invoice.xml")
    with pytest.raises(NotReadable) as refused:
        read_all(alone, "mail.eml")
    assert refused.value.code == "not_adf"


def test_a_mail_is_recognised_by_its_headers_whatever_the_file_is_called():
    assert is_mail(body(LEAD), file_name="lead.txt")
    assert not is_mail(LEAD.encode(), file_name="lead.txt")
    assert not is_mail(b"Hello: you\nagain: me\n", file_name="lead.txt")


def test_several_attachments_and_several_documents_in_a_body_are_all_found():
    mail = message()
    for number in (1, 2, 3):
        mail.add_attachment(LEAD.encode(), maintype="application", subtype="xml", filename=f"lead{number}.xml")
    found = documents_in(mail.as_bytes(), file_name="mail.eml")
    assert [part.file_name for part in found] == ["lead1.xml", "lead2.xml", "lead3.xml"]
    second = adf(prospect(ids="<id source='S'>2</id>"))
    assert len(documents_in(body(f"one\n{LEAD}\ntwo\n{second}"), file_name="mail.eml")) == 2


def test_an_attachment_name_cannot_lead_out_of_a_folder():
    raw = attached(LEAD.encode(), maintype="application", subtype="xml", filename="../../etc/lead.xml")
    assert documents_in(raw, file_name="mail.eml")[0].file_name == "lead.xml"


@pytest.mark.parametrize(
    ("sentence", "raw", "code"),
    [
        ("no lead in it", body("Please call me about the Camry."), "no_document"),
        ("a picture only", attached(b"\x89PNG", maintype="image", subtype="png", filename="car.png"), "no_document"),
        ("a web page", body("<html><body>Sale!</body></html>", content_type="text/html"), "no_document"),
        ("an Outlook file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "no_document"),
        ("nothing", b"", "no_document"),
        ("thirteen megabytes", HEAD.encode() + b"\r\n" + b"x" * 13_000_000, "too_large"),
        ("hundreds of documents", body("\n".join(f"<adf>{n}</adf>" for n in range(300))), "too_large"),
    ],
)
def test_a_mail_without_a_usable_lead_is_refused_with_a_reason(sentence: str, raw: bytes, code: str):
    name = "mail.msg" if code == "no_document" and raw.startswith(b"\xd0") else "mail.eml"
    with pytest.raises(NotReadable) as refused:
        read_all(raw, name)
    assert refused.value.code == code


def test_a_document_type_in_a_mail_body_is_not_cut_away_but_refused():
    (found,) = documents_in(body('<!DOCTYPE adf [<!ENTITY a "b">]>\n' + adf(prospect(), head="")), file_name="m.eml")
    with pytest.raises(NotReadable) as refused:
        parse(found.raw, received_at=RECEIVED)
    assert refused.value.code == "dtd_forbidden"


def test_a_document_cut_off_in_a_mail_is_refused_by_its_own_reason():
    (found,) = documents_in(body(LEAD[:300]), file_name="m.eml")
    with pytest.raises(NotReadable) as refused:
        parse(found.raw, received_at=RECEIVED)
    assert refused.value.code == "malformed"


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_mail_is_read_or_refused_and_nothing_else(data: st.DataObject):
    raw = bytearray(data.draw(st.sampled_from([mail for _, mail, _ in MAILS])))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    damaged = bytes(raw[:cut] if data.draw(st.booleans()) else raw)
    with contextlib.suppress(NotReadable):
        read_all(damaged, "mail.eml")
