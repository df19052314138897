"""培训合格证明: what was studied by node, issued by the training body, checked and signed by the worker."""
