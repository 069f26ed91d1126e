"""The main job, end to end: a storefront is protected, moved, hit by a disaster, recovered, and restored."""
