"""The 15 Oculus visemes, the groups the eye can tell apart, and which phone shows which viseme."""

from __future__ import annotations

from typing import Final

VISEMES: Final = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
"""The order of every viseme axis here, named as in Oculus Lipsync."""

VISEME_INDEX: Final = {name: index for index, name in enumerate(VISEMES)}

SILENCE: Final = VISEME_INDEX["sil"]
CLOSURE: Final = VISEME_INDEX["PP"]

NOT_A_SHAPE: Final = -1
"""The class of /h/: the mouth already has the shape of the vowel that follows."""

# What looks alike: silence, closed lips, lip on teeth, rounded, open, spread, and tongue or teeth.
VISEME_GROUPS: Final = (0, 1, 2, 6, 6, 6, 6, 6, 6, 6, 4, 5, 5, 3, 3)

# CMU's phone set, plus the few names by which Festival's voices differ from it.
_PHONES_OF: Final = {
    "PP": "p b m em",
    "FF": "f v",
    "TH": "th dh",
    "DD": "t d dx",
    "kk": "k g ng",
    "CH": "ch jh sh zh",
    "SS": "s z",
    "nn": "n l en el nx",
    "RR": "r er axr",
    # CMU's AH covers the schwa too, so a schwa counts as an open vowel.
    "aa": "aa ae ah ax ay aw",
    "E": "eh ey",
    "ih": "ih ix iy y",
    "oh": "ao ow oy",
    "ou": "uh uw w",
}
_VISEME_OF: Final = {
    phone: VISEME_INDEX[viseme] for viseme, phones in _PHONES_OF.items() for phone in phones.split()
}


def viseme_of_phone(phone: str) -> int:
    """Return the viseme index of an ARPAbet phone in either case, with or without a stress digit.

    Pauses, breaths, noises (`+SPN+`) and unknown names are silence; /h/ is `NOT_A_SHAPE`.
    """
    name = phone.lower().rstrip("012")
    if name in ("hh", "hv"):
        return NOT_A_SHAPE
    return _VISEME_OF.get(name, SILENCE)
