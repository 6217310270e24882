"""Check that the links of a built site lead somewhere: python links.py FOLDER.

Links between its own files, with their anchors; nothing is asked of the network.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["broken"]


class _Page(HTMLParser):
    """Collects the addresses and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name in ("href", "src"):
                self.addresses.append(value)
            elif name in ("id", "name"):
                self.anchors.add(value)


def broken(folder: Path) -> Iterator[str]:
    """Yield a line for each link of a site that leads nowhere.

    Args:
        folder: The built site.
    """
    folder = folder.resolve()
    pages = {
        path: _Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")
    }
    for path, page in sorted(pages.items()):
        for address in dict.fromkeys(page.addresses):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            if target.is_dir():
                target /= "index.html"
            there = target in pages
            is_found = target.is_file()
            if there and unquote(parts.fragment) not in pages[target].anchors:
                is_found = False
            if not is_found:
                yield f"{path.relative_to(folder)}: {address}"


if __name__ == "__main__":
    found = list(broken(Path(sys.argv[1])))
    print("\n".join(found) or "links: all lead somewhere")
    sys.exit(bool(found))
