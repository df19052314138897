"""The shell of every page: base template, navigation, forms, security headers, translation."""
