# ruff: noqa: E501 - sentences are read best in one piece
"""What customers ask and what dealer people note down."""

from __future__ import annotations

QUESTIONS = (
    "Is this one still available, and could I see it on Saturday?",
    "What would the monthly payment be with 4,000 down over 60 months?",
    "Does the price include the delivery charge?",
    "How long is the wait if I order it in dark green?",
    "Can it tow a 3,500 lb trailer with the standard hitch?",
    "Do you have one with the cold weather package?",
    "Is the extended warranty transferable if I sell it later?",
    "What is the real range in winter, and do you install home chargers?",
    "Could you send me the out-the-door price for my postal code?",
    "Do you take a car that is not paid off yet?",
)
REMARKS = (
    "Please call in the late afternoon.",
    "I work nights, so mornings are best.",
    "Second car for the family, nothing urgent.",
    "We are replacing three vans of our business.",
    "My lease ends next month.",
    "I have visited twice already and nobody had time for me.",
    "",
    "",
    "",
    "",
)
VOICEMAILS = (
    "Left my number and the opening hours.",
    "Left a message about the vehicle.",
    "Short message, will try again.",
    "",
)
NO_ANSWERS = ("Rang out.", "Mailbox was full.", "", "")
EMAILS = ("Introduced myself and asked when to call.", "Sent two offers that fit.", "Asked which day suits.", "")
ANSWERS = (
    "Answered the question, price sheet attached.",
    "Sent the numbers that were asked for.",
    "Confirmed it is in stock, with photos.",
)
REACHED = (
    "Wants to come by this week.", "Comparing with two other brands.", "Likes the colour, asks for the payment.",
    "Has to talk to the family first.", "Ready to buy when the trade-in is fair.", "Needs it before the end of the month.",
)  # fmt: skip
INBOUND = (
    "Called back and asked about the payment.",
    "Answered our message and gave a time.",
    "Wrote back with photos of the trade-in.",
)
QUALIFIED = (
    "Budget and time fit, credit is good.",
    "Buys within four weeks, trade-in to be seen.",
    "Decides alone, pays cash.",
    "Approved by own bank.",
)
APPOINTMENTS = (
    "Test drive.",
    "Test drive and trade-in appraisal.",
    "Wants to see two colours.",
    "Comes with spouse.",
    "",
)
OFFERS = ("Offer with trade-in handed over.", "Wants the winter tyres included.", "Waiting for the bank.", "")
NURTURE = (
    "Wants to wait for next year's model.",
    "Lease runs another five months.",
    "Saving for the down payment, call again in spring.",
)
LOST = {
    "competitor": ("Bought another brand, better rate.", "Had an offer with a larger discount."),
    "co_dealer": ("Bought at the dealer closer to work.",),
    "price": ("We are too far apart on the price.", "Trade-in value was not enough."),
    "no_stock": ("The colour and trim are not to be had.",),
    "long_wait": ("Does not want to wait for the order.",),
    "finance": ("The bank declined.", "Co-signer withdrew."),
    "not_interested": ("Was only looking.", "Keeps the old car for now.", "Changed plans."),
}  # fmt: skip
GIVEN = ("Knows this model best.", "Next in turn.", "Speaks Spanish with the customer.", "Sold to this family before.")
NO_REACTION = "No reaction to our messages; closed at the monthly review."
ABROAD = "Lives abroad, we cannot deliver there."
FAKE = "Name of a film hero, the mail came back."
