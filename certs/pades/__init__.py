"""The PDF's own signature (PAdES, ETSI EN 319 142-1): made with the signer process's document key, checked without a PDF reader."""
