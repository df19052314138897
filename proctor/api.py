"""What other packages and commands may use of proctoring."""

from proctor.analysis.accuracy import Accuracy, FaceAccuracy, measure_accuracy, measure_faces
from proctor.cameras.h264 import nals_of
from proctor.cameras.h264 import payloads_of as rtp_payloads
from proctor.evidence.bundle import is_exported
from proctor.evidence.manifest import BundleBrokenError, Checked, Listed, Manifest, check_bundle, is_bundle
from proctor.incidents.cases import DISPOSITION_WORDS
from proctor.incidents.taxonomy import taxonomy
from proctor.media.press import Direction, TicketPress
from proctor.media.registry import NodeEntry, living_nodes

__all__ = [
    "DISPOSITION_WORDS",
    "Accuracy",
    "BundleBrokenError",
    "Checked",
    "Direction",
    "FaceAccuracy",
    "Listed",
    "Manifest",
    "NodeEntry",
    "TicketPress",
    "check_bundle",
    "is_bundle",
    "is_exported",
    "living_nodes",
    "measure_accuracy",
    "measure_faces",
    "nals_of",
    "rtp_payloads",
    "taxonomy",
]
