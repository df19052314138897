"""Put our receiver, sender and transport in aiortc's places, once, before its first connection."""

import aiortc.rtcpeerconnection as peer_connection

from proctor.media.receiver import Receiver
from proctor.media.sender import Sender
from proctor.media.transport import Address, install_transport


def install(address: Address) -> None:
    """Make this process a media node's: every peer connection forwards packets from now on, and decodes nothing."""
    vars(peer_connection).update(RTCRtpReceiver=Receiver, RTCRtpSender=Sender)
    install_transport(address)
