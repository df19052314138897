"""What can go wrong with a room's camera."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class CameraAddressError(DomainError):
    """The address is none of a camera that may be reached from here."""

    code = "camera_address"
    message = "请填写摄像机的 RTSP 地址,例如 rtsp://用户名:密码@192.168.1.64/Streaming/Channels/102。"


class CameraTextError(DomainError):
    """A camera needs a name and a room."""

    code = "camera_text"
    message = "请填写摄像机名称和考场名称。"


class CameraUnreachableError(DomainError):
    """Nothing that speaks RTSP answers under the address, or it refuses."""

    code = "camera_unreachable"
    message = "连不上摄像机:{reason}。请检查地址、端口、用户名和密码,以及服务器到摄像机的网络。"


class CameraUnfitError(ConflictError):
    """The camera answers, and its picture would not play."""

    code = "camera_unfit"
    message = "摄像机已连上,但码流不合要求,没有登记。"


class CameraNotFoundError(NotFoundError):
    """No camera of the scope has this id."""

    code = "camera_not_found"
