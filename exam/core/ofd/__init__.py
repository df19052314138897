"""Fixed-layout documents by GB/T 33190-2016 (OFD): the same pages as the PDFs, drawn from the same layouts."""
