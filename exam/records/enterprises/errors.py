"""What can be wrong with a row of enterprises."""

from exam.core.errors import ConflictError, DomainError


class EnterprisesEmptyError(DomainError):
    """There is no file, no row, or no column with names and codes."""

    code = "enterprises_empty"
    message = "文件里没有企业。第一行须有列名,至少有“企业名称”和“统一社会信用代码”两列。"


class EnterprisesTooManyError(DomainError):
    """There are more rows than are taken at once."""

    code = "enterprises_too_many"
    message = "一次最多导入 {most} 家企业,请分成几份。"


class EnterpriseTwiceError(ConflictError):
    """An earlier row of the same file has this code."""

    code = "enterprise_twice"
    message = "同一统一社会信用代码在第 {number} 行已经出现过,只取前一行。"


class EnterpriseElsewhereError(ConflictError):
    """The code is registered in a region that the importer does not see, or in another than the row says."""

    code = "enterprise_elsewhere"
    message = "该企业已登记在别的辖区,导入不改变辖区。"


class EnterpriseRegionError(DomainError):
    """A new enterprise needs a region, and it must be one of the importer's."""

    code = "enterprise_region"
    message = "新企业须填写行政区划代码(县区或乡镇),并且在您的辖区内。"


class EnterpriseFieldError(DomainError):
    """A cell is missing, too long or none of the words that may stand there; `field` is the column."""

    code = "enterprise_field"
    message = "“{field}”没有填写,或者太长,或者不是可选的值:{typed}"


class DivisionError(DomainError):
    """No division of GB/T 4754 has this code or title."""

    code = "division"
    message = "“{typed}”不是 GB/T 4754 的行业大类,请填写代码(如 C26 或 2614)或大类名称。"
