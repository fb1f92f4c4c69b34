print("kvmbalance")
