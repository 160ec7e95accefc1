"""Builds a kind node image and the images of a stack where no image registry can be reached."""
