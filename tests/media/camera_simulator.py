"""A camera that speaks RTSP, for tests: runs under the system's Python, over Debian's gst-rtsp-server.

Usage: /usr/bin/python3 camera_simulator.py PORT; says "ready" when it listens. /good plays in a browser; /high has the
high profile with B-frames, /long a key frame every six seconds, /h265 another codec.
"""

import sys

import gi  # type: ignore[import-not-found]  # of the system's Python

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=10/1 ! "
H264 = "x264enc tune={tune} speed-preset=ultrafast bitrate=150 key-int-max={group} {more} ! video/x-h264,profile={profile} ! "
PAY = "rtph264pay config-interval=-1 name=pay0 pt=96"
STREAMS = {
    "/good": H264.format(tune="zerolatency", group=15, more="", profile="constrained-baseline") + PAY,
    "/high": H264.format(tune="0", group=15, more="bframes=2 b-adapt=false cabac=true dct8x8=true", profile="high")
    + PAY,
    "/long": H264.format(tune="zerolatency", group=60, more="", profile="constrained-baseline") + PAY,
    "/h265": "x265enc tune=zerolatency speed-preset=ultrafast bitrate=150 key-int-max=15 ! rtph265pay name=pay0 pt=96",
}


def main() -> None:
    """Serve the streams until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    for path, stream in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {PICTURE}{stream} )")
        factory.set_shared(True)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        sys.exit("the port is taken")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
