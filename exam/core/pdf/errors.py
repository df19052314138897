"""What can be wrong with the material of a printed document."""

from typing import ClassVar

from exam.core.errors import DomainError, Kind


class FontMissingError(DomainError):
    """No usable Chinese font is installed; documents wait until an administrator adds one."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "font_missing"
    message = "没有找到可用的中文字体,暂时不能生成文件。请联系系统管理员。"


class GlyphMissingError(DomainError):
    """The font cannot show a character; a legal document with a hollow box in a name is worse than none."""

    code = "glyph_missing"
    message = "现有字体无法显示这些字:{characters}。请安装含有这些字的字体后再生成。"


class PhotoUnreadableError(DomainError):
    """The bytes are not a whole JPEG or PNG picture."""

    code = "photo_unreadable"
    message = "照片无法读取,请上传完整的 JPG 或 PNG 照片。"


class PhotoTooLargeError(DomainError):
    """The file or its pixel count passes what one portrait can need."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "photo_too_large"
    message = "照片过大,请上传 {max_mb} MB 以内、{max_mpx} 百万像素以内的照片。"
