"""Answers to questions about runs: what happened to a cell, which of two losses, which loss for so many seconds."""
