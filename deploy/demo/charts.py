"""Small SVG charts for report.html: lines, stacked bars, dots. No dependency.

Colours are CSS classes of the page, so both themes stay readable.
"""
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 40


def _frame(title, body, x_label, height=HEIGHT):
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
            f'<title>{escape(title)}</title>{body}'
            f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{height - 6}" '
            f'text-anchor="middle">{escape(x_label)}</text></svg>')


def _y(value, low, high, height=HEIGHT):
    inner = height - TOP - BOTTOM
    return TOP + inner * (1 - (value - low) / (high - low))


def _grid(low, high, ticks, fmt, height=HEIGHT):
    lines = []
    for i in range(ticks + 1):
        value = low + (high - low) * i / ticks
        y = _y(value, low, high, height)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
                     f'y1="{y:.1f}" y2="{y:.1f}"/><text class="axis" x="{LEFT - 6}" '
                     f'y="{y + 4:.1f}" text-anchor="end">{fmt(value)}</text>')
    return "".join(lines)


def lines(title, x_label, series, reference=None, low=0.0, high=1.0,
          fmt=lambda v: f"{v:.0%}"):
    """`series`: [(name, css class, [(x, y)])]; `reference`: (name, y)."""
    xs = [x for _, _, points in series for x, _ in points]
    if not xs:
        return "<p>No points.</p>"
    first, last = min(xs), max(xs)
    span = max(last - first, 1)
    place = lambda x: LEFT + (WIDTH - LEFT - RIGHT) * (x - first) / span
    body = [_grid(low, high, 5, fmt)]
    if reference:
        y = _y(reference[1], low, high)
        body.append(f'<line class="reference" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
                    f'y1="{y:.1f}" y2="{y:.1f}"/><text class="label" x="{WIDTH - RIGHT}" '
                    f'y="{y - 5:.1f}" text-anchor="end">{escape(reference[0])} '
                    f'{fmt(reference[1])}</text>')
    for name, css, points in series:
        path = " ".join(f"{place(x):.1f},{_y(y, low, high):.1f}" for x, y in points)
        body.append(f'<polyline class="line {css}" points="{path}"/>')
        body += [f'<circle class="dot {css}" cx="{place(x):.1f}" cy="{_y(y, low, high):.1f}" '
                 f'r="3.5"><title>{escape(name)}, {x_label} {x}: {fmt(y)}</title></circle>'
                 for x, y in points]
    for x in sorted(set(xs)):
        if span <= 20 or x % max(1, span // 10) == 0:
            body.append(f'<text class="axis" x="{place(x):.1f}" y="{HEIGHT - BOTTOM + 16}" '
                        f'text-anchor="middle">{x}</text>')
    return _frame(title, "".join(body), x_label)


def stacked(title, x_label, columns, classes):
    """`columns`: [(label, {part: count})]; `classes`: {part: css class}."""
    if not columns:
        return "<p>No columns.</p>"
    high = max(max(sum(parts.values()) for _, parts in columns), 1)
    slot = (WIDTH - LEFT - RIGHT) / len(columns)
    body = [_grid(0, high, 4, lambda v: f"{v:.0f}")]
    for i, (label, parts) in enumerate(columns):
        base = 0
        x = LEFT + slot * i + slot * 0.14
        for part in classes:
            count = parts.get(part, 0)
            if not count:
                continue
            y, bottom = _y(base + count, 0, high), _y(base, 0, high)
            body.append(f'<rect class="bar {classes[part]}" x="{x:.1f}" y="{y:.1f}" '
                        f'width="{slot * 0.72:.1f}" height="{max(bottom - y - 1, 1):.1f}">'
                        f'<title>{escape(f"{x_label} {label}: {count} {part}")}</title></rect>')
            base += count
        body.append(f'<text class="axis" x="{x + slot * 0.36:.1f}" '
                    f'y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(str(label))}</text>')
    return _frame(title, "".join(body), x_label)


def scores(title, x_label, values, highlight, threshold, threshold_name):
    """Dots on one line: `values` {name: number}; one name stands out."""
    if not values:
        return "<p>No scores.</p>"
    height = 150
    low = min(min(values.values()), 0.0)
    high = max(max(values.values()), threshold) * 1.08 + 1e-9
    place = lambda v: LEFT + (WIDTH - LEFT - RIGHT) * (v - low) / (high - low)
    middle = (TOP + height - BOTTOM) / 2
    body = [f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{middle}" y2="{middle}"/>',
            f'<line class="reference" x1="{place(threshold):.1f}" x2="{place(threshold):.1f}" '
            f'y1="{TOP + 12}" y2="{height - BOTTOM}"/>'
            f'<text class="label" x="{place(threshold):.1f}" y="{TOP + 8}" '
            f'text-anchor="middle">{escape(threshold_name)}</text>']
    for name, value in values.items():
        css = "hot" if name == highlight else "cool"
        body.append(f'<circle class="dot {css}" cx="{place(value):.1f}" cy="{middle}" r="5">'
                    f'<title>{escape(name)}: {value:.1f}</title></circle>')
        if name == highlight:
            body.append(f'<text class="label" x="{place(value):.1f}" y="{middle - 12}" '
                        f'text-anchor="middle">{escape(name)} {value:.0f}</text>')
    for i in range(5):
        value = low + (high - low) * i / 4
        body.append(f'<text class="axis" x="{place(value):.1f}" y="{height - BOTTOM + 16}" '
                    f'text-anchor="middle">{value:.0f}</text>')
    return _frame(title, "".join(body), x_label, height)
