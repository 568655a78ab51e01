"""How a diagram is drawn: whether it is good to look at (check), and drawing it anew (layout).

What a diagram means is never touched here; only where its elements and lines lie.
"""
