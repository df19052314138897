"""Credentials (证书): issue, document, verification."""
