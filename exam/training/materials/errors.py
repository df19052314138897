"""What can be wrong with a material; what its making finds wrong is kept by the code and shown by the message."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError


class MaterialNotFoundError(NotFoundError):
    """No such material of this body."""

    code = "material_not_found"
    message = "没有找到这份素材。"


class MaterialStateError(ConflictError):
    """The material's state does not allow the act."""

    code = "material_state"
    message = "素材当前状态不允许这项操作,请刷新后再看。"


class MaterialSizeError(DomainError):
    """Nothing was chosen, or more than may be sent."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "material_size"
    message = "文件为空或超过 {limit} MB,没有上传。"


class MaterialKindError(DomainError):
    """The file's name says that it is nothing that lessons are made of."""

    code = "material_kind"
    message = "请选择 PDF、SCORM 或 cmi5 压缩包(zip)或视频文件(mp4、mov、m4v、mkv、webm、avi、wmv、flv、ts)。"


class PartError(DomainError):
    """A part of an upload has the wrong size, or a part is missing at the end."""

    code = "material_part"
    message = "上传的内容不完整,请重新上传这个文件。"


class MaterialQuotaError(ConflictError):
    """The body keeps as much as it may, or has too many uploads that are not finished."""

    code = "material_quota"
    message = "本机构最多有 {uploads} 个未完成的上传、共 {limit} GB 素材,现在不能再上传。没有传完的文件一天后自动清理。"


class SubtitleError(DomainError):
    """The file is no WebVTT or SubRip, or a cue's times are impossible."""

    code = "subtitle"
    message = "字幕读不出来(第 {line} 行)。请使用 UTF-8 编码的 WebVTT(.vtt)或 SRT 文件。"


class NotMadeError(DomainError):
    """The file cannot be made into a lesson; every kind of it is shown to who uploaded the file."""

    code = "material_broken"
    message = "文件已损坏或不完整,无法播放。请检查原文件后重新上传。"


class FilmContainerError(NotMadeError):
    """The first bytes belong to no container that is read here, whatever the name says."""

    code = "film_container"
    message = "文件内容不是支持的视频格式。"


class FilmPictureError(NotMadeError):
    """There is no moving picture in it, or one of an impossible size."""

    code = "film_picture"
    message = "文件里没有视频画面,或画面尺寸超出范围。"


class FilmLengthError(NotMadeError):
    """Too short for a lesson, or too long."""

    code = "film_length"
    message = "视频应不短于 15 秒、不长于 4 小时。"


class MakingStoppedError(NotMadeError):
    """The process met its limit of memory or time, or crashed."""

    code = "making_stopped"
    message = "处理时超出内存或时间限制,已停止。请缩短视频或降低分辨率后重新上传。"


class MakingFailedError(NotMadeError):
    """The machine failed it again and again: the storage or the worker, not the file."""

    code = "making_failed"
    message = "服务器多次没能转换这个文件,已停止。请稍后重新上传,仍不成功请联系管理员。"


class UploadLeftError(NotMadeError):
    """The upload was begun and never finished; its parts were deleted."""

    code = "upload_left"
    message = "没有传完,已清理。需要时请重新上传。"


class SlidesLockedError(NotMadeError):
    """The PDF asks for a password."""

    code = "slides_locked"
    message = "PDF 有密码,打不开。请去掉密码后重新上传。"


class SlidesCountError(NotMadeError):
    """No page, or too many."""

    code = "slides_count"
    message = "PDF 应为 1 至 300 页。"


class PackageArchiveError(NotMadeError):
    """The zip is damaged, encrypted, or such as would harm who opens it."""

    code = "package_archive"
    message = "压缩包打不开或不安全(加密、嵌套压缩、路径异常或解压后过大)。请用制作工具重新导出。"


class PackageManifestError(NotMadeError):
    """No manifest of SCORM 1.2 or 2004 and no course structure of cmi5 at its top, or none that names a part to open."""

    code = "package_manifest"
    message = (
        "压缩包最外层没有可用的 imsmanifest.xml(SCORM 1.2 或 2004)或 cmi5.xml。"
        "请从制作工具导出 SCORM 或 cmi5 压缩包,不要解开后再压缩外层文件夹。"
    )


class PackageElsewhereError(NotMadeError):
    """A part lies on another site, or in no file of the package."""

    code = "package_elsewhere"
    message = "课件包的内容不在压缩包里(指向别的网站或缺少文件),不能使用。"


class PackageUnitError(NotMadeError):
    """A unit of a cmi5 course has an id, a condition, a score or an address that its standard does not allow."""

    code = "package_unit"
    message = (
        "cmi5.xml 里有的课件单元写得不对(编号、moveOn、masteryScore 或网址),不能使用。请在制作工具里检查后重新导出。"
    )
