"""The test suite."""

import gc

# collecting the tests makes millions of objects, none of them garbage; conftest.py enables it again
gc.disable()
