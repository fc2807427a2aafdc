"""What is done to training images, one kind of change a module; ``evergreen.images.augment`` puts them together."""
