"""What can go wrong with a room's camera."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class CameraAddressError(DomainError):
    """The address is none of a camera that may be reached from here."""

    code = "camera_address"
    message = "请填写摄像机的 RTSP 地址,例如 rtsp://user:password@192.168.1.64/Streaming/Channels/102。"


class CameraTextError(DomainError):
    """A camera needs a name and a room."""

    code = "camera_text"
    message = "请填写摄像机名称和考场名称。"


class CameraUnreachableError(DomainError):
    """Nothing that speaks RTSP answers under the address; `reason` holds the library's words for the technician."""

    code = "camera_unreachable"
    message = "连不上摄像机({reason})。请检查地址和端口,以及服务器到摄像机的网络。"


class CameraLoginError(CameraUnreachableError):
    """The camera answers and wants another user or password."""

    code = "camera_login"
    message = "摄像机不接受这个用户名或密码({reason})。请改正地址里的用户名和密码。"


class CameraPathError(CameraUnreachableError):
    """The camera answers and knows no such stream."""

    code = "camera_path"
    message = "摄像机上没有这一路码流({reason})。请对照摄像机说明书检查地址里的路径和通道号。"


class CameraSilentError(CameraUnreachableError):
    """The camera answers and sends no picture."""

    code = "camera_silent"
    message = "摄像机已连上,但没有送来画面。请检查这一路码流是否启用。"


class CameraUnfitError(ConflictError):
    """The camera answers, and its picture would not play."""

    code = "camera_unfit"
    message = "摄像机已连上,但码流不合要求,没有登记。"


class CameraNotFoundError(NotFoundError):
    """No camera of the scope has this id."""

    code = "camera_not_found"
