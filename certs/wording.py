"""What the states of a credential are called, as Chinese msgids: said once, for pages, files, commands and messages."""

from certs.state import CredentialState, Standing

STANDING_WORDS = {
    Standing.VALID.value: "有效",
    Standing.NOT_YET.value: "未生效",
    Standing.EXPIRED.value: "已过期",
    Standing.SUSPENDED.value: "已暂停",
    Standing.REVOKED.value: "已撤销",
    Standing.SUPERSEDED.value: "已换证",
    Standing.ANNULLED.value: "已注销",
}
"""By what it is worth on a day."""
STATE_WORDS = STANDING_WORDS | {CredentialState.ISSUED.value: STANDING_WORDS[Standing.VALID.value]}
"""By that, or by the stored state."""
