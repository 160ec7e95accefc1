"""The components of a stack, in the forms that they can take."""
