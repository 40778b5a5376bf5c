"""Compiling the same files in other surroundings, to see that the same artifacts come out."""
