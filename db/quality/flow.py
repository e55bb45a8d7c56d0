"""The life of a review and of a coaching note, declared once; commands.py and coaching_commands.py carry them out."""

from __future__ import annotations

from db.core.permissions import Permission
from db.quality.tables import CoachingNote, QualityReview
from db.workflow.spec import Flow, Input, State, Step

P = Permission
REVIEW_DAYS = 14
"""A drawn response should be looked at while somebody still remembers it."""

FLOW = Flow(
    name="quality_reviews",
    title="Response reviews",
    item_label="review",
    table=QualityReview,
    initial="drawn",
    rule="domain-rules 2.2 A, decision 0038",
    states=(
        State(name="drawn", label="To review", tone="blue", help="Drawn; nobody has scored it"),
        State(name="reviewed", label="Reviewed", tone="green", final=True, help="Scored item by item"),
        State(name="skipped", label="Skipped", tone="gray", final=True, help="Could not be scored; the reason is kept"),
    ),
    steps=(
        Step(
            name="review", label="Save the review", icon=":material/task_alt:", permission=P.QUALITY_REVIEW,
            sources=("drawn",), targets=("reviewed",), routine=True,
            inputs=(
                Input(name="form_id", label="Version"), Input(name="answers", label="Answers"),
                Input(name="comments", label="Comments", required=False),
                Input(name="note", label="In short", required=False),
            ),
        ),
        Step(
            name="skip", label="Skip", icon=":material/skip_next:", permission=P.QUALITY_REVIEW, sources=("drawn",),
            targets=("skipped",), inputs=(Input(name="reason_text", label="Why it cannot be scored"),),
        ),
        Step(
            name="take_back", label="Take back", icon=":material/undo:", permission=P.QUALITY_MANAGE,
            sources=("reviewed", "skipped"), targets=("drawn",),
            inputs=(Input(name="reason_text", label="What was wrong"),),
        ),
    ),
)  # fmt: skip

COACHING = Flow(
    name="coaching",
    title="Coaching notes",
    item_label="coaching note",
    table=CoachingNote,
    initial="given",
    rule="decision 0038",
    states=(
        State(name="given", label="Given", tone="blue", help="Written; the person has not confirmed it yet"),
        State(name="acknowledged", label="Acknowledged", tone="violet", help="The person has read it"),
        State(name="followed_up", label="Followed up", tone="green", final=True, help="The result is on the record"),
        State(name="dropped", label="Dropped", tone="gray", final=True, help="No longer wanted, with the reason"),
    ),
    steps=(
        Step(
            name="acknowledge", label="I have read it", icon=":material/done:", permission=P.QUALITY_VIEW,
            sources=("given",), targets=("acknowledged",), routine=True,
        ),
        Step(
            name="follow_up", label="Record the result", icon=":material/fact_check:", permission=P.QUALITY_COACH,
            sources=("given", "acknowledged"), targets=("followed_up",), routine=True,
            inputs=(Input(name="note", label="What you saw", required=False),),
        ),
        Step(
            name="drop", label="Drop", icon=":material/block:", permission=P.QUALITY_COACH,
            sources=("given", "acknowledged"), targets=("dropped",),
            inputs=(Input(name="reason_text", label="Reason"),),
        ),
    ),
)  # fmt: skip
