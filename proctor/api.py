"""What other packages and commands may use of proctoring."""

from proctor.analysis.accuracy import Accuracy, measure_accuracy
from proctor.evidence.bundle import is_exported
from proctor.evidence.manifest import BundleBrokenError, Checked, Listed, Manifest, check_bundle, is_bundle

__all__ = [
    "Accuracy",
    "BundleBrokenError",
    "Checked",
    "Listed",
    "Manifest",
    "check_bundle",
    "is_bundle",
    "is_exported",
    "measure_accuracy",
]
