"""What can be wrong with an address for reminders, or with the link that was mailed there."""

from exam.core.errors import DomainError


class MailAddressError(DomainError):
    """The address is none that mail can go to."""

    code = "mail_address"
    message = "请填写一个完整的邮箱地址,例如 anquan@example.com。"


class MailLinkError(DomainError):
    """The link is strange or old, another account's, or of an address that has changed since."""

    code = "mail_link"
    message = "这个确认链接无效或已过期,请登录填写邮箱的那个账号;仍不行,再保存一次邮箱,系统会重新发送链接。"
