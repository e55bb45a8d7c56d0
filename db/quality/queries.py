"""What pages may ask about response quality, in one place."""

from __future__ import annotations

from db.quality.coaching_queries import NoteRow, get_note, list_notes, who_can_be_coached
from db.quality.form_queries import FormRow, form_in_use, list_forms
from db.quality.metrics_queries import DEFINITIONS
from db.quality.people import own_only, sums_only
from db.quality.review_queries import (
    ReviewFilters,
    ReviewPage,
    ReviewRow,
    ScoreLine,
    count_reviews,
    get_review,
    list_reviews,
    scores,
    weak_items,
)
from db.quality.reviewer_queries import drift
from db.quality.sample_queries import SampleRow, get_sample, list_samples, period_words
from db.quality.speed_queries import LeadRow, Speed, leads_behind

__all__ = [
    "DEFINITIONS", "FormRow", "LeadRow", "NoteRow", "ReviewFilters", "ReviewPage", "ReviewRow", "SampleRow",
    "ScoreLine",
    "Speed", "count_reviews", "drift", "form_in_use", "get_note", "get_review", "get_sample", "leads_behind",
    "list_forms", "list_notes", "list_reviews", "list_samples", "own_only", "period_words", "scores", "sums_only",
    "weak_items", "who_can_be_coached",
]  # fmt: skip
