"""A label as SVG, in its size."""

from html import escape

from ledger.labels.drawing import Box, Drawing, Element, Symbol, boxes

_FONT = "Helvetica,Arial,Liberation Sans,sans-serif"


def svg(drawing: Drawing) -> str:
    """One picture, its unit a µm."""
    width, height = drawing.width, drawing.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width / 1000:g}mm" height="{height / 1000:g}mm" '
        f'viewBox="0 0 {width} {height}"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<g fill="#000" font-family="{_FONT}">{"".join(map(_drawn, drawing.elements))}</g></svg>\n'
    )


def _drawn(element: Element) -> str:
    if isinstance(element, Box):
        return f'<path d="{_path(element)}" shape-rendering="crispEdges"/>'
    if isinstance(element, Symbol):
        return f'<path d="{"".join(map(_path, boxes(element)))}" shape-rendering="crispEdges"/>'
    weight = ' font-weight="bold"' if element.bold else ""
    return f'<text x="{element.x}" y="{element.y}" font-size="{element.size}"{weight}>{escape(element.text)}</text>'


def _path(box: Box) -> str:
    return f"M{box.x} {box.y}h{box.width}v{box.height}h-{box.width}z"
