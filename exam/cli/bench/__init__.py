"""`ankao bench`: the product measured beside the limit or the peer that each figure is compared with."""
