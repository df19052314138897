"""Safe workbooks and delimited text: hostile input is refused before a parser sees it, output never becomes a formula."""
