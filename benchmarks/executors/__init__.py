"""Where cells run. What is imported on a node of a cluster loads no torch, so this file imports nothing."""
