"""Why a question file as a whole cannot be read; the base and the zip, workbook and encoding errors are the kernel's."""

from exam.core.sheets.errors import UnreadableFileError


class UnsupportedFormatError(UnreadableFileError):
    """`found` names a known format that is not read."""

    code = "format_unsupported"
    message = "暂不支持 {found} 格式。支持 xlsx、xls、ods、docx、csv、txt、json、xml、QTI zip、GIFT 和 Aiken。"


class MislabelledFileError(UnreadableFileError):
    """The name's suffix `claimed` and the content `found` disagree."""

    code = "file_mislabelled"
    message = "文件扩展名是 {claimed},内容却是 {found}。请用原软件重新另存后再试。"


class NoQuestionsError(UnreadableFileError):
    """The file is readable and shows no sign of items: no heading row, no known record."""

    code = "no_questions"
    message = "文件中没有找到试题。表格须有含“题目”和“答案”的标题行。"


class NoHeadingsError(NoQuestionsError):
    """A table whose heading row says nothing known; `titles` are its titles, a tab between them."""

    code = "no_headings"
    message = "没有认出表格中“题目”和“答案”所在的列,请指明各列的含义。"


class MalformedJsonError(UnreadableFileError):
    """JSON syntax is broken at `line`, `column` (characters, from 1): truncated, joined with another document or too deep."""

    code = "json_malformed"
    message = "JSON 在第 {line} 行第 {column} 列有语法错误(文件不完整或由多个文件拼接),整个文件未导入。"


class MalformedXmlError(UnreadableFileError):
    """XML is not well-formed at `line`, `column`."""

    code = "xml_malformed"
    message = "XML 在第 {line} 行第 {column} 列有语法错误,整个文件未导入。"


class ForbiddenXmlError(UnreadableFileError):
    """A document type declaration, which question files do not need and attacks do."""

    code = "xml_doctype"
    message = "XML 含有 DOCTYPE 声明,出于安全考虑不读取。"
