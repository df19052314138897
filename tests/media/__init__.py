"""Video between real peers: stock aiortc on one side, the product's own processes on the other."""
