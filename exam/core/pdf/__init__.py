"""Printed documents: fonts, text that can be copied out again, QR drawing, photos and page layout."""
