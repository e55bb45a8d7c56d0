"""What a text counts for: placeholders, what was edited, how a mail stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.interactions import rules

BODY = "Hi {first_name}, thank you for asking about the {vehicle}. {salesperson} at {dealer} will call you today."
FILLED = rules.render(BODY, rules.SAMPLE).text

EDITS = [
    ("the rendered text as it is", FILLED, False),
    ("the template as it is", BODY, False),
    ("another case, blanks and commas", FILLED.upper().replace(",", " ,\n\n"), False),
    ("a nickname in place of the name", FILLED.replace("Jane", "Janie"), False),
    ("a longer vehicle", FILLED.replace("2026 Orion GT", "2026 Orion GT in deep red with tow bar"), False),
    ("a placeholder taken out", FILLED.replace("2026 Orion GT", ""), False),
    ("a full stop more", FILLED + ".", False),
    ("a sentence more at the end", FILLED + " The red one is here.", True),
    ("a sentence in place of the name", FILLED.replace("Jane", "Jane we have the red one here and it shines"), True),
    ("a word taken out", FILLED.replace("today", ""), True),
    ("a word changed", FILLED.replace("today", "tomorrow"), True),
    ("two sentences swapped", "Sam Staff at Lone Pine Motors will call you today. Hi Jane, thank you.", True),
    ("a text of one's own", "Yes, the red one has a sunroof.", True),
    ("nothing", "", True),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "edited"), EDITS, ids=[case[0] for case in EDITS])
def test_only_changed_words_make_a_personal_text(why, text, edited):
    assert rules.is_edited(BODY, text) == edited


VALUE = st.lists(st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True), min_size=1, max_size=8).map(" ".join)


@given(values=st.fixed_dictionaries(dict.fromkeys(rules.PLACEHOLDERS, VALUE)))
def test_whatever_the_values_are_a_rendered_template_is_not_edited(values):
    assert not rules.is_edited(BODY, rules.render(BODY, values).text)


@given(values=st.fixed_dictionaries(dict.fromkeys(rules.PLACEHOLDERS, VALUE)), word=st.integers(0, 9))
def test_a_word_nobody_knows_at_the_end_is_always_an_edit(values, word):
    assert rules.is_edited(BODY, rules.render(BODY, values).text + f" zyx{word}")


OUTCOMES = [
    ("unedited", FILLED, False, "template"),
    ("unedited, said to answer", FILLED, True, "template"),
    ("edited", FILLED + " The red one is here.", False, "sent"),
    ("edited and answers", FILLED + " The red one is here.", True, "answered"),
    ("from blank", "The red one is here.", False, "sent"),
    ("copied by hand from another template", "We have got your message and will be in touch soon", False, "template"),
]


@pytest.mark.parametrize(("why", "text", "answers", "outcome"), OUTCOMES, ids=[case[0] for case in OUTCOMES])
def test_the_outcome_follows_from_the_text(why, text, answers, outcome):
    templates = [BODY, "We have got your message, and will be in touch soon."]
    assert rules.outcome_of(text, templates=templates, answers=answers) == outcome


def test_a_missing_value_stays_visible_and_is_named():
    made = rules.render("Hi {first_name}: {appointment}", {"first_name": "Jane", "appointment": " "})
    assert (made.text, made.missing) == ("Hi Jane: {appointment}", ("appointment",))


def test_braces_in_a_value_are_never_filled():
    assert rules.render("Hi {first_name}", {"first_name": "{dealer}", "dealer": "X"}).text == "Hi {dealer}"


GOOD = {"channel": "email", "name": "Thanks", "subject": "Your enquiry", "body": BODY}
WRONG = [
    ("no channel", {"channel": "fax"}, "channel", "required"),
    ("no name", {"name": ""}, "name", "required"),
    ("a long name", {"name": "x" * 81}, "name", "too_long"),
    ("an e-mail without a subject", {"subject": ""}, "subject", "required"),
    ("a subject of two lines", {"subject": "Hi\nBcc: x@y.example"}, "subject", "too_long"),
    ("no text", {"body": ""}, "body", "required"),
    ("a text of placeholders only", {"body": "{first_name} {vehicle} hello"}, "body", "too_short"),
    ("an unknown placeholder", {"body": BODY + " {price}"}, "body", "unknown_placeholder"),
    ("an unknown placeholder in the subject", {"subject": "{discount}"}, "subject", "unknown_placeholder"),
    ("a text message that is too long", {"channel": "text", "body": "word " * 200}, "body", "too_long"),
]


@pytest.mark.parametrize(("why", "change", "field", "code"), WRONG, ids=[case[0] for case in WRONG])
def test_a_template_that_is_refused_says_where(why, change, field, code):
    found = rules.check_template(**(GOOD | change))
    assert (field, code) in [(p.field, p.code) for p in found]
    assert rules.check_template(**GOOD) == []


def test_an_unknown_placeholder_is_named():
    (problem,) = rules.check_template(**(GOOD | {"body": BODY + " {price}"}))
    assert problem.message.startswith("{price} is no placeholder. There are: {first_name}")


MESSAGES = [
    ("a good mail", "email", "Hi", "Hello Jane", []),
    ("no subject", "email", "", "Hello Jane", [("subject", "required")]),
    ("a text needs none", "text", "", "Hello Jane", []),
    ("signs only", "email", "Hi", " -- ", [("body", "required")]),
    ("a value is missing", "email", "Hi", "On {appointment}", [("body", "missing_value")]),
    ("a value is missing in the subject", "email", "{vehicle}", "Hello", [("subject", "missing_value")]),
    ("too long for a text", "text", "", "x" * 641, [("body", "too_long")]),
]


@pytest.mark.parametrize(("why", "channel", "subject", "body", "found"), MESSAGES, ids=[case[0] for case in MESSAGES])
def test_a_message_that_cannot_be_sent_says_why(why, channel, subject, body, found):
    assert [(p.field, p.code) for p in rules.check_message(channel=channel, subject=subject, body=body)] == found


STATES = [
    ("new", True, False, 0, "", "waiting"),
    ("failed once", True, False, 1, "ConnectionRefusedError", "waiting"),
    ("given up", True, False, 10, "SMTPServerDisconnected", "failed"),
    ("out at the second try", True, True, 2, "", "sent"),
    ("taken away by a purge", False, False, 0, "", "removed"),
]


@pytest.mark.parametrize(("why", "kept", "sent", "tries", "error", "state"), STATES, ids=[case[0] for case in STATES])
def test_how_a_mail_stands(why, kept, sent, tries, error, state):
    found = rules.delivery_of(is_kept=kept, is_sent=sent, tries=tries, error=error, most_tries=10)
    assert (found.state, found.words) == (state, error)
