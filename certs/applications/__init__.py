"""Applications for a credential (证书申请): received, accepted, decided within the days of the law."""
