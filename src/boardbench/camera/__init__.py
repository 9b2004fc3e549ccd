"""GigE Vision and USB3 Vision line-scan cameras, through the library Aravis. A frame is one line of the belt."""
