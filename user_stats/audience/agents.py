"""What a User-Agent header says: the family of the browser or program, and whether it is a crawler.

Only the family is ever kept. The header is what a client claims; nothing here is proof.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_HEADER = 512
"""Characters of the header that are looked at."""
CRAWLER, OTHER = "Crawler", "Other"

_PROGRAMS = (
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python", "Python"),
    ("Python", "Python"),
    ("Java/", "Java"),
    ("Go-http-client", "Go"),
    ("PostmanRuntime", "Postman"),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("YaBrowser", "Yandex Browser"),
    ("Vivaldi", "Vivaldi"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("MSIE", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Safari", "Safari"),
)
"""The first that occurs wins: most browsers also carry the names of those that they descend from."""

_is_crawler = re.compile(
    r"bot\b|bot[/_-]|crawl|spider|slurp|mediapartners|feed(?!back)|\brss\b|fetch|scan|archiv|monitor|uptime|preview|"
    r"validator|checker|facebookexternalhit|whatsapp|embedly|headless|phantomjs|lighthouse|pingdom|libwww|nutch|"
    r"^java/|^curl/|^wget|python|go-http-client|okhttp|^apache-httpclient|^ruby|^perl|^php|scrapy|httpclient|"
    r"https?://|^mozilla/[345]\.0( \(compatible;?\))?$|^-?$",
    re.IGNORECASE,
).search


def agent_family(user_agent: str) -> str:
    """One of a few dozen names: the program, the browser, `Crawler`, or `Other`."""
    return _family(user_agent[:LONGEST_HEADER])


def is_crawler(user_agent: str) -> bool:
    """True for search engines, feed readers, monitors and libraries, and where nothing is said at all."""
    return _crawls(user_agent[:LONGEST_HEADER])


@lru_cache(maxsize=4096)
def _family(header: str) -> str:
    for token, family in _PROGRAMS:
        if token in header:
            return family
    if _crawls(header):
        return CRAWLER
    return next((family for token, family in _BROWSERS if token in header), OTHER)


@lru_cache(maxsize=4096)
def _crawls(header: str) -> bool:
    return _is_crawler(header.strip()) is not None
