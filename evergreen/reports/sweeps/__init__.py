"""The page of a sweep, and its pictures as SVG: no clock, no screen, and read on light and on dark ground."""
