"""The words of xAPI 1.0.3 and cmi5 that are compared here: identifiers of verbs, categories and extensions."""

from typing import Final

VERSION: Final = "1.0.3"
_ADL, _ADL_CMI5, _CMI5 = (
    "http://adlnet.gov/expapi/verbs/",
    "https://w3id.org/xapi/adl/verbs/",
    "https://w3id.org/xapi/cmi5/",
)

LAUNCHED: Final = f"{_ADL}launched"
INITIALIZED: Final = f"{_ADL}initialized"
COMPLETED: Final = f"{_ADL}completed"
PASSED: Final = f"{_ADL}passed"
FAILED: Final = f"{_ADL}failed"
TERMINATED: Final = f"{_ADL}terminated"
VOIDED: Final = f"{_ADL}voided"
ABANDONED: Final = f"{_ADL_CMI5}abandoned"
WAIVED: Final = f"{_ADL_CMI5}waived"
SATISFIED: Final = f"{_ADL_CMI5}satisfied"

OF_UNITS: Final = frozenset({INITIALIZED, COMPLETED, PASSED, FAILED, TERMINATED})
"""The defined verbs that a unit may use."""
OF_US: Final = frozenset({LAUNCHED, ABANDONED, WAIVED, SATISFIED, VOIDED})
"""The verbs that are ours alone."""

CATEGORY: Final = f"{_CMI5}context/categories/cmi5"
"""Marks a statement as one that cmi5 defines; any other of a unit is merely allowed."""
CATEGORY_MOVE_ON: Final = f"{_CMI5}context/categories/moveon"
SESSION: Final = f"{_CMI5}context/extensions/sessionid"
MASTERY: Final = f"{_CMI5}context/extensions/masteryscore"
MODE: Final = f"{_CMI5}context/extensions/launchmode"
LAUNCH_URL: Final = f"{_CMI5}context/extensions/launchurl"
MOVE_ON: Final = f"{_CMI5}context/extensions/moveon"
PARAMETERS: Final = f"{_CMI5}context/extensions/launchparameters"
COURSE: Final = f"{_CMI5}activitytype/course"
BLOCK: Final = f"{_CMI5}activitytype/block"

LAUNCH_DATA: Final = "LMS.LaunchData"
"""The state document that a unit finds its launch in."""
PREFERENCES: Final = "cmi5LearnerPreferences"
"""The agent profile document of the learner's language and sound."""
