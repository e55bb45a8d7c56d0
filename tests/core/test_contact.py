"""Phone numbers, e-mail addresses, names and the keys that recognise a person (2.2 D, 3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core import contact


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("4195550188", "US", "+14195550188"),
        ("(419) 555-0188", "US", "+14195550188"),
        ("1-419-555-0188", "US", "+14195550188"),
        ("+1 419.555.0188", "US", "+14195550188"),
        ("419-555-0188 x12", "US", "+14195550188"),
        ("419-555-0188 ext. 4", "US", "+14195550188"),
        ("4195550188x77", "US", "+14195550188"),
        ("Cell: 419-555-0188", "US", "+14195550188"),
        ("tel:+14195550188", "US", "+14195550188"),
        ("419-555-0188 / 419-555-0199", "US", "+14195550188"),
        ("bad or 419-555-0199", "US", "+14195550199"),
        ("(+1) 419 555 0188", "US", "+14195550188"),
        ("".join(chr(0xFF10 + int(digit)) for digit in "4195550188"), "US", "+14195550188"),
        ("514-555-0123", "CA", "+15145550123"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("+44 (0)20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("00 49 30 1234567", "FR", "+49301234567"),
        ("0221 421-1111", "AR", "+542214211111"),
        ("+81 3-1234-5678", "US", "+81312345678"),
        ("555-0100", "US", None),
        ("22111111", "US", None),
        ("1234567890", "US", None),
        ("4191550188", "US", None),
        ("9999999999", "US", None),
        ("0000000000", "US", None),
        ("911", "US", None),
        ("", "US", None),
        ("call me", "US", None),
        ("lead@example.com", "US", None),
        ("+0 123 456 789", "US", None),
        ("2" * 60, "US", None),
        ("4195550188", "XX", None),
    ],
)
def test_a_number_becomes_e164_or_nothing(written: str, country: str, expected: str | None):
    assert contact.phone_e164(written, country=country) == expected


@given(st.text(max_size=60), st.sampled_from(["US", "CA", "GB", "AR", "XX"]))
def test_any_text_is_a_number_or_none_and_a_number_stays_itself(text: str, country: str):
    number = contact.phone_e164(text, country=country)
    if number is not None:
        assert number.startswith("+")
        assert number[1:].isascii()
        assert 8 <= len(number[1:]) <= 15
        assert contact.phone_e164(number, country=country) == number


@pytest.mark.parametrize(
    ("written", "normal", "key"),
    [
        ("Dana.Whitfield@Example.com", "dana.whitfield@example.com", "dana.whitfield@example.com"),
        (" dana+cars@example.com ", "dana+cars@example.com", "dana@example.com"),
        ("D.W.hitfield+x@gmail.com", "d.w.hitfield+x@gmail.com", "dwhitfield@gmail.com"),
        ("dwhitfield@googlemail.com", "dwhitfield@googlemail.com", "dwhitfield@gmail.com"),
        ("Dana Whitfield <dana@example.com>", "dana@example.com", "dana@example.com"),
        ("mailto:dana@example.com", "dana@example.com", "dana@example.com"),
        ("dana@example.com;", "dana@example.com", "dana@example.com"),
        ("first@example.com, second@example.com", "first@example.com", "first@example.com"),
        ("dana@münchen.de", "dana@xn--mnchen-3ya.de", "dana@xn--mnchen-3ya.de"),
        ("+tag@example.com", "+tag@example.com", "+tag@example.com"),
    ],
)
def test_an_address_has_a_form_to_send_to_and_a_form_to_match_by(written: str, normal: str, key: str):
    assert contact.email_normal(written) == normal
    assert contact.email_key(normal) == key


@pytest.mark.parametrize(
    "written",
    [
        "emailaddress",
        "a@b",
        "a..b@c.com",
        ".a@c.com",
        "a@-c.com",
        "a@c..com",
        "@c.com",
        "a@",
        "a@c.c",
        "a@127.0.0.1",
        "",
        "x" * 65 + "@c.com",
        "a@" + "d" * 64 + ".com",
        "a b@",
        "none",
        "a@c.com\x00b",
    ],
)
def test_an_address_no_mail_can_go_to_is_none(written: str):
    assert contact.email_normal(written) is None


@given(st.text(max_size=80))
def test_a_normal_address_is_its_own_normal_form(text: str):
    normal = contact.email_normal(text)
    if normal is not None:
        assert contact.email_normal(normal) == normal


@pytest.mark.parametrize(
    ("full", "first", "middle", "last", "suffix"),
    [
        ("Dana Whitfield", "Dana", "", "Whitfield", ""),
        ("Cher", "Cher", "", "", ""),
        ("Mary Ann Smith", "Mary", "Ann", "Smith", ""),
        ("Doe, John Q.", "John", "Q.", "Doe", ""),
        ("de la Cruz, Juan", "Juan", "", "de la Cruz", ""),
        ("Dr. Juan de la Cruz Jr.", "Juan", "", "de la Cruz", "Jr."),
        ("John Smith, Jr.", "John", "", "Smith", "Jr."),
        ("Ludwig van Beethoven", "Ludwig", "", "van Beethoven", ""),
        ("  Jean-Luc   O'Brien ", "Jean-Luc", "", "O'Brien", ""),
        ("", "", "", "", ""),
        (",", "", "", "", ""),
    ],
)
def test_a_whole_name_is_taken_apart(full: str, first: str, middle: str, last: str, suffix: str):
    assert contact.split_name(full) == contact.PersonName(first=first, middle=middle, last=last, suffix=suffix)


@given(st.text(max_size=60))
def test_no_name_breaks_the_splitting_or_the_key(text: str):
    contact.split_name(text)
    assert contact.name_key(contact.name_key(text)) == contact.name_key(text)


def test_accents_case_and_punctuation_do_not_make_another_person():
    assert contact.name_key("José  PÉREZ-Núñez") == contact.name_key("jose perez nunez")
    assert contact.name_key("O'Brien") == contact.name_key("obrien")
    assert contact.name_key("王 芳") == "王 芳"


def test_a_person_is_known_by_address_number_and_name_with_postal_code_but_not_by_name_alone():
    keys = contact.person_keys(
        emails=["d.w+x@gmail.com"], phones=["+14195550188"], name="Dana Whitfield", postal="43604-1234"
    )
    assert keys == {"email:dw@gmail.com", "phone:+14195550188", "name:dana whitfield|43604"}
    assert contact.person_keys(emails=[], phones=[], name="Dana Whitfield", postal="") == frozenset()
    assert contact.person_keys(emails=[], phones=[], name="Dana", postal="43604") == frozenset()
