"""Why one row is refused: every code with its sentence."""

from typing import Final

from questionbank.formats.reading import FieldValue, Refusal

MESSAGES: Final = {
    "area_outside": "“{area}”超出了照片({width}×{height} 像素)。",
    "area_unclear": "“{excerpt}”不是区域,应写成“名称 @ rect 左,上,右,下”,或 circle、ellipse、poly。",
    "blank_count": "填空题有 {count} 个空,目前只支持一个空,请拆成多题。",
    "case_count": "案例题有 {count} 问,应为 {least} 到 {most} 问,每行一问。",
    "case_key": "案例题的 {count} 问都应有正确的选项,前面加 *。",
    "date_cell": "“{column}”的单元格被表格软件当成了日期或时间({value}),原文可能已改变。请设为文本后重填。",
    "depth_unclear": "掌握程度“{value}”无法识别,请写了解、掌握或熟练掌握。",
    "difficulty_unclear": "难度“{value}”无法识别,请写 0 到 100 的整数(预计答错的百分比)或易、中、难。",
    "figure_absent": "题目用到的文件“{name}”不在文件里。",
    "figure_count": "题目有 {count} 个图、音或公式,至多 {most} 个。",
    "figure_missing": "文字里写有第 {number} 个图、音或公式的记号,但没有它的文件。",
    "figure_kind": "题目含有{what}({name}),不能导入。请改为 JPG 或 PNG 图片、录音或公式后再试。",
    "figure_place": "{place}里有图片、录音或公式,只有题目、选项和解析里可以有。",
    "figure_total": "各题的图片和录音合计至多 {most} MB,加上这一题就超过了,请分成几个文件。",
    "figure_unreadable": "图片无法使用:须为完整的 JPG 或 PNG,5 MB 以内。",
    "formula_cell": "“{column}”的单元格是公式,显示的内容会变。请复制后选择性粘贴为值,再导入。",
    "formula_unreadable": "公式无法使用:须为一个 MathML 公式,8 KB 以内。",
    "gap_count": "选词填空题的题目有 {blanks} 个空,选项有 {lines} 行;应为每空一行,至多 {most} 个空。",
    "group_divider": "文字里不能有“{divider}”或换行:{excerpt}",
    "group_empty": "有一个选项没有文字。",
    "group_keys": "{count} 个左项或空应各有一个正确答案,且互不相同。",
    "hidden_character": "{place}第 {position} 个字符({code_point})无法显示或不可见,请删除后再试。",
    "judgement_options": "判断题的选项应为正确和错误。",
    "key_count": "{kind}的答案有 {count} 个,与题型不符。",
    "key_missing": "没有答案。",
    "key_unclear": "答案“{key}”无法识别。",
    "key_without_option": "答案 {key} 没有对应的选项。",
    "kind_unclear": "题型“{kind}”无法识别。",
    "match_count": "匹配题有 {sources} 个左项、{targets} 个右项;左项应为 2 到 9 个,右项至少 2 个,连同干扰项至多 10 行。",
    "match_line": "匹配题的第 {line} 行应写成“左边 -> 右边”:{excerpt}",
    "option_count": "选项有 {count} 个,应为 {least} 到 {most} 个。",
    "option_empty": "选项 {option} 没有文字(可能是图片,或没有结果的公式)。",
    "option_order": "选项字母不连续:{excerpt}",
    "options_same": "选项 {first} 和 {second} 的文字相同。",
    "order_incomplete": "排序题的答案“{key}”应把全部 {count} 个选项各写一次。",
    "partial_credit": "答案带有部分得分,无法确定唯一的正确答案。",
    "photo_missing": "隐患辨识题没有照片。表格不能带照片,请在网页上录入,或用 QTI、Moodle XML、JSON 导入。",
    "photo_unreadable": "照片无法使用:须为完整的 JPG 或 PNG,5 MB 以内,每边至少 100 像素。",
    "record_shape": "这一行的字段与格式不符:{detail}",
    "recording_long": "录音超过 {most} 秒。",
    "recording_unreadable": "录音无法播放,或超过 5 MB。",
    "reference_count": "参考答案有 {count} 个要点,至多 {most} 个。",
    "reference_missing": "简答题没有参考答案,考评员无从评阅。",
    "script": "题目含有脚本({name}),不能导入。请删除后再试。",
    "stem_empty": "没有题目内容。",
    "text_too_long": "{place}有 {length} 个字,超过上限 {limit}。",
    "weights_key": "按答案给分中正确答案应得最高分且多于最低分,最低分不能是负数。",
    "weights_kind": "{kind}不能按答案给分。",
    "weights_unclear": "按答案给分的“{excerpt}”无法识别,应写成“A = 0.5”,每行一个答案,分值至多两位小数。",
    "unsupported_interaction": "暂不支持{kind}题型。",
}


class RowError(Exception):
    """Raised inside a dialect to refuse one row; never leaves this package."""

    def __init__(self, code: str, **fields: FieldValue) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


def refuse(row: int, error: RowError) -> Refusal:
    """Return the refusal of row `row`, with its sentence."""
    return Refusal(row=row, code=error.code, message=MESSAGES[error.code], fields=error.fields)
