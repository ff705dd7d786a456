"""The formats that come in, one module each; this is the list of them."""

from __future__ import annotations

from user_stats.errors import InvalidInput
from user_stats.transfer.formats import (
    jellyfin,
    lastfm,
    letterboxd,
    netflix,
    own_export,
    spotify,
    tautulli,
    trakt,
    youtube,
    youtube_html,
)
from user_stats.transfer.forms import Form
from user_stats.transfer.sources import Part, Source

Family = tuple[Form, ...]
"""Forms that may stand side by side in one zip; of forms that say the same only the first is read."""


def _apart(*forms: Form) -> tuple[Family, ...]:
    return tuple((form,) for form in forms)


FAMILIES: tuple[Family, ...] = (
    *_apart(*own_export.FORMS),
    *_apart(*youtube.FORMS),
    *_apart(*youtube_html.FORMS),
    *_apart(*netflix.FORMS),
    spotify.FORMS,
    *_apart(*trakt.FORMS),
    *_apart(*tautulli.FORMS),
    *_apart(*lastfm.FORMS),
    *_apart(*letterboxd.FORMS),
    *_apart(*jellyfin.FORMS),
)
SERVICES = tuple(dict.fromkeys(form.service for family in FAMILIES for form in family))


def recognised(source: Source, service: str | None) -> list[tuple[Form, Part]]:
    """The parts of the source that are of one kind, each with its form. With a `service`, of its kinds alone.
    Raises InvalidInput where it is none, or where a zip holds those of several services."""
    families = [family for family in FAMILIES if service in (None, family[0].service)]
    found: dict[Family, list[tuple[Form, Part]]] = {}
    for part in source.parts:
        head = part.head()
        match = next(((family, form) for family in families for form in family if form.recognise(head)), None)
        if match is not None:
            found.setdefault(match[0], []).append((match[1], part))
    services = sorted({family[0].service for family in found})
    if len(services) > 1:
        raise InvalidInput.of("format", " and ".join(services), "one of them; the zip holds files of each")
    for family in families:
        if family in found:
            return found[family]
    known = service if service is not None else ", ".join(SERVICES)
    raise InvalidInput(f"file: {source.name} is in no known format; allowed: files of {known}", field="file")
