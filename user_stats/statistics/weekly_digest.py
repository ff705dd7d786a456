"""A week of the site for its admin: the last whole ISO week (UTC) beside the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from user_stats.statistics.day_bits import EPOCH
from user_stats.statistics.figures import share
from user_stats.statistics.moments import DAY_QUARTERS, iso_week
from user_stats.statistics.site_records import SiteRecords

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Line:
    """One figure of the week; `growth` in per cent, None where there was nothing the week before."""

    name: str
    value: float
    before: float

    @property
    def growth(self) -> float | None:
        return share(self.value - self.before, self.before)


@dataclass(frozen=True)
class WeeklyDigest:
    week: str
    first: date
    last: date
    lines: list[Line]
    leaders: list[tuple[str, float]]
    """Who watched most, with their hours; without those who opted out."""

    def to_text(self) -> str:
        """For a mail or a message."""
        rows = [f"Week {self.week} ({self.first} to {self.last})", ""]
        for line in self.lines:
            growth = "" if line.growth is None else f" ({line.growth:+.0f} %)"
            rows.append(f"{line.name}: {line.value:,.10g}{growth}")
        if self.leaders:
            rows += ["", "Watched most: " + ", ".join(f"{name} ({hours:,.1f} h)" for name, hours in self.leaders)]
        return "\n".join(rows)


def weekly_digest(records: SiteRecords) -> WeeklyDigest:
    monday = records.utc_today - timedelta(days=records.utc_today.weekday() + 7)
    sunday = monday + timedelta(days=6)
    figures = [_figures(records, start) for start in (monday, monday - timedelta(days=7))]
    lines = [Line(name, round(value, 1), round(figures[1][name], 1)) for name, value in figures[0].items()]
    leaders = records.leaders("watched_hours", "last_week")[:5]
    return WeeklyDigest(
        iso_week(monday), monday, sunday, lines, [(row["username"], round(row["value"], 1)) for row in leaders]
    )


def _figures(records: SiteRecords, monday: date) -> dict[str, float]:
    names = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    rows = [records.days.get(day, {}) for day in names]
    first = (monday.toordinal() - EPOCH) * DAY_QUARTERS
    seconds = sum(records.quarters.get(first + number, 0) for number in range(7 * DAY_QUARTERS))

    def total(*kinds: str) -> int:
        return sum(row.get(kind, 0) for row in rows for kind in kinds)

    return {
        "Active people": records.active_people(monday + timedelta(days=6), 7),
        "Watches": total("video_watches", "stream_watches", "image_watches"),
        "Hours watched": seconds / SECONDS_PER_HOUR,
        "Likes, comments and shares": total("likes", "comments", "shares"),
        "Uploads": total("video_uploads", "stream_uploads", "image_uploads"),
        "New followers": total("follows"),
    }
