"""A package, so that no other package of this name, as some distributions bring one, is taken for it."""
