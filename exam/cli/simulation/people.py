"""People who do not exist: names from common characters, ID numbers in a county code that is not assigned."""

from datetime import date, timedelta
from random import Random

from exam.identity.api import id_check_digit

NOWHERE = "330199"
"""No such county is listed in GB/T 2260, so that no number can be anybody's."""
SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
GIVEN = "安平宁康健明辉志强建国文斌海波晓红丽华玉兰春梅秀英桂芳立新永福德胜金龙水根阿毛小燕云飞思远雨桐子涵"
FIRST_BIRTH = date(1970, 1, 1)
BIRTH_DAYS = 12_000


class Invented:
    """A stream of distinct invented people."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"people {seed}")
        self._serial = self._random.randrange(1, 400)
        self._given: set[str] = set()

    def next(self) -> tuple[str, str]:
        """Return a name and a valid ID number."""
        name = self._random.choice(SURNAMES) + "".join(self._random.sample(GIVEN, self._random.choice((1, 2, 2))))
        body = self._body()
        while body in self._given:
            body = self._body()
        self._given.add(body)
        return name, body + id_check_digit(body)

    def _body(self) -> str:
        born = FIRST_BIRTH + timedelta(days=self._random.randrange(BIRTH_DAYS))
        self._serial = self._serial % 999 + 1
        return f"{NOWHERE}{born:%Y%m%d}{self._serial:03d}"
