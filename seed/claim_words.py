"""What dealers write into the demo's claims, by the system that failed: complaint, causes and corrections."""

from __future__ import annotations

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "Engine": (
        "Customer says the vehicle loses power on hills and shakes at idle.",
        "Warning lamp comes on after twenty minutes of driving and stays on.",
        "Coolant was low twice this month, and there is a puddle in the morning.",
    ),
    "Transmission": (
        "Customer feels a hard jerk when it changes from second to third gear.",
        "It stays in one gear since yesterday and a message says to see a dealer.",
    ),
    "Brakes": (
        "Brake pedal feels hard in the morning and the warning lamp flickers.",
        "Customer hears a hiss and the pressure takes minutes to build up.",
    ),
    "Exhaust": ("Loud ticking when it is cold, and a smell of exhaust in the cabin.",),
    "Steering": (
        "Steering is heavy when parking, with a whine from the front left.",
        "Vehicle wanders at highway speed and the wheel is not straight.",
    ),
    "Suspension": ("Customer hears a knock over bumps, more from the rear right.",),
    "Electrical": (
        "It does not start at the first try when it stood over night.",
        "Windows and mirrors stop working now and then; the lamp of the battery came on.",
    ),
    "Climate": ("Air conditioning blows warm after ten minutes, worse in traffic.",),
    "Body": ("Trim of the door came loose and whistles above fifty miles an hour.",),
    "Wheels": ("Vibration from the front at sixty miles an hour, tires wear on one side.",),
}
CAUSES = (
    "Found play beyond the limit at the {part}, measured {a}.{b} mm; the manual allows 0.4.",
    "Fault stored for the {part}; resistance measured at {a}{b} ohm, the manual allows 6.",
    "The {part} leaks at its seam; pressure fell by {b} psi within {a} minutes of the test.",
    "Connector of the {part} is sound, but its signal drops out at {b}{a} degrees.",
    "Bearing of the {part} is scored over {b}{a} mm; metal found in the housing.",
)
CORRECTIONS = (
    "Replaced the {part}, cleared the fault memory, road test of {b} miles without findings.",
    "Fitted a new {part}, checked for leaks at {a}{b} psi, the fault did not come back.",
    "New {part} fitted and torqued to {a}{b} Nm, learned in; all values are within their limits.",
)
COPIED = (
    "Inspected the {part} and found it inoperative due to internal failure of the component.",
    "Removed and replaced the {part}, verified proper operation, vehicle returned to customer.",
)
"""What one dealer writes on every claim, word for word."""
GOODWILL = (
    "A customer of many years with every service done here; just out of warranty.",
    "Second failure of this part within two years, and the customer has no other car.",
    "Was reported within the warranty, but the part was on backorder for five weeks.",
)
LATE = ("The part was on backorder, and the order was closed late.", "Our advisor was on leave; found at month end.")
DENIALS = (
    ("NOT_DEFECT", "The part shows no defect of material or make; the test report says so."),
    ("MODIFIED", "The failure comes from the aftermarket part, which is not ours."),
    ("BEYOND_POLICY", "The customer was offered a service at a reduced price instead."),
)
RETURNS = (
    ("DOC_MISSING", "Please attach the diagnostic print-out."),
    ("NARRATIVE_INSUFFICIENT", "Please say how the cause was found and what was measured."),
)
REDUCTIONS = (
    ("RATE_ADJUSTED", "The list price of that day, not of today."),
    ("HOURS_EXCEED_FLATRATE", "The flat rate includes the road test."),
    ("NOT_COVERED", "Fluids are part of the service."),
)
