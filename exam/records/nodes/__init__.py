"""County, city and province: sealed batches between instances, their acceptance or return, and what is said of reports."""
