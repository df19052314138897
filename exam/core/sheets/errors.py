"""Why a file cannot be read or written, each by its own code; every one of them is the file's author's to mend."""

from exam.core.errors import DomainError, Kind


class UnreadableFileError(DomainError):
    """The file as a whole gives nothing; single bad rows are refusals, not errors."""

    code = "unreadable_file"
    message = "这个文件无法读取。"


class FileTooLargeError(UnreadableFileError):
    """`size` and `limit` in bytes."""

    kind = Kind.TOO_LARGE
    code = "file_too_large"
    message = "文件有 {size} 字节,超过上限 {limit} 字节。"


class EmptyFileError(UnreadableFileError):
    """No byte, or nothing but blanks."""

    code = "file_empty"
    message = "文件是空的。"


class NotAWorkbookError(UnreadableFileError):
    """Neither xlsx, xls nor ods, or one that is damaged or locked by a password."""

    code = "not_a_workbook"
    message = "这不是可读的表格文件(xlsx、xls、ods),或已损坏、已加密。请用表格软件另存为 xlsx 后再试。"


class SheetTooWideError(UnreadableFileError):
    """`sheet` (a part of the package) spans `cells` cells between its corners; `limit` are allowed."""

    kind = Kind.TOO_LARGE
    code = "sheet_too_wide"
    message = "表格范围达到 {cells} 个单元格,超过上限 {limit}。请删除数据区以外的单元格后再试。"


class DamagedArchiveError(UnreadableFileError):
    """The zip directory, a member or a checksum is wrong; `member` may be empty."""

    code = "archive_damaged"
    message = "压缩包已损坏或采用了不支持的压缩方式。{member}"


class ArchiveBombError(UnreadableFileError):
    """`measure` is ratio, bytes or members; `found` exceeds `limit`."""

    kind = Kind.TOO_LARGE
    code = "archive_bomb"
    message = "压缩包展开后过大({measure}:{found},上限 {limit}),已拒绝打开。"


class UnsafeArchiveError(UnreadableFileError):
    """`reason` is path, symlink, nested, duplicate or encrypted; `member` names the entry."""

    code = "archive_unsafe"
    message = "压缩包含有不安全的成员({reason}):{member}"


class BinaryFileError(UnreadableFileError):
    """Text was expected and a NUL came at byte `offset`."""

    code = "binary_file"
    message = "这不是文本文件(第 {offset} 字节处是空字符)。UTF-16 文本须带字节顺序标记。"


class UnknownEncodingError(UnreadableFileError):
    """The bytes are neither UTF-8, UTF-16 with a mark nor GB18030; the first bad one is at byte `offset`, from 0."""

    code = "encoding_unknown"
    message = "无法识别文件的文字编码(第 {offset} 字节起无法解读)。请另存为 UTF-8 后再试。"


class BrokenDelimitedTextError(UnreadableFileError):
    """Quotes or fields are wrong at line `line`, from 1."""

    code = "delimited_text_broken"
    message = "第 {line} 行的引号或分隔符有误,文件未导入。"


class ReaderStoppedError(UnreadableFileError):
    """The separate reading process crashed or met its limit; `reason` is memory_or_crash or time."""

    kind = Kind.TOO_LARGE
    code = "reader_stopped"
    message = "读取这个文件耗费过多的时间或内存,已停止。请拆分文件后再试。"


class CellTooLongError(DomainError):
    """A cell to be written has more UTF-16 units than a workbook holds; `row` and `column` from 1."""

    code = "cell_too_long"
    message = "第 {row} 行第 {column} 列的文字有 {length} 个字符,超过单元格上限 {limit}。"
