"""Labels from the tools that people draw them with: LabelMe, CVAT, COCO; and pictures of captures to draw them on."""
