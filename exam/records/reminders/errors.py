"""What can be wrong with an address for reminders."""

from exam.core.errors import DomainError


class MailAddressError(DomainError):
    """The address is none that mail can go to."""

    code = "mail_address"
    message = "请填写一个完整的邮箱地址,例如 anquan@example.com。"
