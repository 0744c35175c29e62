"""The inbox: applying what a feed brings, with its effects and the cursor in one transaction."""
