# ruff: noqa: E501 - sentences are read best in one piece
"""What the desk notes down after speaking with a dealer, and what both sides promise then."""

from __future__ import annotations

from typing import NamedTuple


class Talk(NamedTuple):
    """What was said, and about what."""

    topics: tuple[str, ...]
    summary: str


CALLS: tuple[Talk, ...] = (
    Talk(
        ("leads",),
        "Walked through last week's late answers. Two of three came in after closing; the evening shift now watches the board.",
    ),
    Talk(
        ("leads", "people"),
        "New internet manager starts on the 1st. Until then the manager answers web leads personally.",
    ),
    Talk(
        ("sales",),
        "Month looks better than the last one, mostly used trade-ins. Three orders for Atlas wait for an allocation.",
    ),
    Talk(
        ("stock",),
        "Asks again for Nova EV Long Range in white. Has eleven names on the waiting list and shows them to us on request.",
    ),
    Talk(
        ("warranty",),
        "Claims for the tailgate latch keep coming back for missing photos. Explained what the picture must show.",
    ),
    Talk(
        ("parts",),
        "Brake rotors for the Carrier are on back order for three weeks. Two customers drive loaners meanwhile.",
    ),
    Talk(
        ("training",),
        "Two technicians still need the high-voltage course. The October date did not work, looking for one before Christmas.",
    ),
    Talk(("finance",), "Floor plan line is used to 90 percent. No concern, two fleet deals close this week."),
    Talk(
        ("facility",), "Sign outside was repaired. The charging island is planned for spring; permit is with the city."
    ),
    Talk(("documents",), "Insurance certificate is being renewed, the broker sends it directly to us."),
    Talk(
        ("complaint",),
        "Unhappy with a lead that was given to the neighbour. Explained the postal areas; accepted, but wants the list in writing.",
    ),
    Talk(
        ("leads", "sales"),
        "Compared contact rates with the region. They see the gap themselves and ask for the script the Chicago store uses.",
    ),
    Talk(("stock", "sales"), "Would trade two Lyra Sport for one Vega XL with a neighbour, if we arrange it."),
    Talk(("people",), "Service manager leaves at the end of the month, a successor is found but not signed."),
    Talk(
        ("warranty", "complaint"),
        "Third visit of the same customer with the infotainment fault. Wants our field engineer to look at the car.",
    ),
    Talk(("sales",), "Quiet call, nothing urgent. Saturday traffic is back to normal since the road works ended."),
    Talk(("parts", "finance"), "Disputes the freight on two parts invoices; copies are on the way."),
    Talk(("leads",), "Response times are at target for the second month. Said thank you."),
)
VISITS: tuple[Talk, ...] = (
    Talk(
        ("facility", "sales"),
        "Walked the showroom. Clean and well lit, price tags on four cars were missing. The used lot needs a fresh line.",
    ),
    Talk(
        ("people", "training"),
        "Met the whole sales team. Ran the role play for returning internet customers; two were very good.",
    ),
    Talk(
        ("sales", "finance"),
        "Quarterly review with the owner. Agreed on a target for Nova EV and on local advertising for the launch.",
    ),
    Talk(("warranty", "parts"), "Half a day in the workshop. Claim files are complete, old parts are kept in order."),
)
INBOUND: tuple[Talk, ...] = (
    Talk(
        ("stock",),
        "Called us: a customer would sign today if the delivery date is certain. Checked the order, it is on the vessel.",
    ),
    Talk(
        ("complaint",), "Called upset about a clawback on last month's bonus. Took notes, the review is with finance."
    ),
    Talk(("leads",), "Asked why no web leads came on Sunday. The form of their own site was down until the evening."),
    Talk(("documents",), "Wrote that the licence was renewed and attached the new one."),
)
VOICEMAIL = ("Left my number and the reason.", "Short message, will try again tomorrow.", "Assistant takes a note.", "")
NO_ANSWER = ("", "", "Rang out twice.")
OURS: tuple[str, ...] = (
    "Send the list of postal areas in writing",
    "Ask allocation for two Nova EV Long Range",
    "Find a date for the high-voltage course before Christmas",
    "Have the field engineer call the workshop",
    "Send the telephone script of the Chicago store",
    "Clear the freight on the two parts invoices with finance",
    "Arrange the swap of two Lyra Sport with the neighbour",
    "Send the comparison of contact rates with the region",
    "Get an answer on the launch advertising budget",
    "Check why the bonus of last month was taken back",
)
THEIRS: tuple[str, ...] = (
    "Send the renewed insurance certificate",
    "Name the new service manager",
    "Enrol two technicians for the course",
    "Put price tags on every car outside",
    "Send photos for the open warranty claims",
    "Sign the new bulletin on old parts",
    "Return the signed target for the quarter",
    "Send the waiting list for Nova EV",
    "Answer the three leads that are still open",
)
DONE_OURS = (
    "Sent by mail, receipt confirmed.",
    "Done and told them on the telephone.",
    "Arranged; they have it in writing.",
    "Cleared with the colleagues, answer sent.",
)
DONE_THEIRS = (
    "Arrived by mail, complete.",
    "They called to say it is done; checked.",
    "Received and filed.",
    "Seen during the visit.",
)
LATER = (
    "Waits for an answer from allocation.",
    "Their office is closed this week.",
    "Colleague is ill, agreed on next week.",
    "Needs the owner's signature.",
    "The course plan is not out yet.",
)
DROPPED = (
    "Solved itself: the car arrived.",
    "They found another way.",
    "No longer wanted after the talk with the owner.",
)
VOIDS = ("Logged at the wrong dealer.", "Logged twice.")
