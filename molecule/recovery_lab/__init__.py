"""A lab of real hosts on one machine: namespaces, own disks, own addresses, and the faults that befall them."""
