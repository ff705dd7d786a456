"""A small picture with a word and a number, as SVG without anything from outside."""

from __future__ import annotations

from html import escape

CHARACTER_WIDTH, PADDING, HEIGHT = 7, 8, 20
"""Pixels; the width of a character is that of the widest digit at 11 px."""


def render(label: str, value: str) -> str:
    left = len(label) * CHARACTER_WIDTH + 2 * PADDING
    right = len(value) * CHARACTER_WIDTH + 2 * PADDING
    title = escape(f"{label}: {value}")
    text = f'y="14" text-anchor="middle" textLength="%d">{escape(label)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left}" height="{HEIGHT}" fill="#374151"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="#1d4ed8"/>'
        f'<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" {text % (left - 2 * PADDING)}'
        f'<text x="{left + right / 2:g}" y="14" text-anchor="middle" textLength="{right - 2 * PADDING}">'
        f"{escape(value)}</text></g></svg>"
    )
