"""Storage and bandwidth: what lies on the disks, what goes over the line, and whether a backup stands behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from user_stats.features import effective_role
from user_stats.statistics.figures import NO_DATA, PERSON, PLATFORM, Entry, Figure, Group, share
from user_stats.statistics.kinds import Amounts
from user_stats.statistics.moments import day_of, last_months
from user_stats.statistics.person_records import PersonRecords, moment_of
from user_stats.statistics.settings import StatisticsSettings
from user_stats.statistics.site_records import SiteRecords, by_name
from user_stats.storage import Record
from user_stats.times import from_iso

MONTHS_SHOWN = 12
GIGABYTE, MEGABYTE = 10**9, 10**6
BITS_PER_MEGABIT, BITS_PER_BYTE = 10**6, 8


def _sized(items: list[Record]) -> list[Record]:
    """Items of which the size is known; one made together lies with the owner who brought it."""
    return [item for item in items if item.get("size_bytes") is not None]


def person_used(records: PersonRecords) -> Figure:
    sized = _sized(records.items)
    return Figure(sum(item["size_bytes"] for item in sized) / GIGABYTE, len(sized)) if sized else NO_DATA


def site_used(records: SiteRecords) -> Figure:
    sized, loose = _sized(records.items), records.tally_sum("loose_bytes")
    if not sized and not loose:
        return NO_DATA
    used = sum(item["size_bytes"] for item in sized) + loose
    return Figure(used / GIGABYTE, len(sized) + records.tally_sum("loose_uploads"))


def person_bandwidth(records: PersonRecords) -> Figure:
    months = last_months(records.today, MONTHS_SHOWN)
    sums: dict[str, Amounts] = {month: Counter() for month in months}
    for watch in records.timed_watches:
        if (month := _month_of(watch.start, records)) in sums:
            sums[month]["timed_watches"] += 1
            sums[month][f"seconds_{watch.quality}"] += watch.seconds
    for download in records.of("download"):
        if download.get("bytes") and (month := _month_of(moment_of(download), records)) in sums:
            sums[month]["downloads_measured"] += 1
            sums[month]["bytes_downloaded"] += download["bytes"]
    return _by_month({month: _bandwidth(sums[month], records.settings) for month in months})


def _month_of(moment: float, records: PersonRecords) -> str:
    return day_of(moment, records.zone).isoformat()[:7]


def site_bandwidth(records: SiteRecords) -> Figure:
    """Measured in a month in which an access log or the audience counted bytes; else estimated."""
    measured, visits = records.audience_by_month("bytes_sent"), records.audience_by_month("visits")
    found = {}
    for month in last_months(records.today, MONTHS_SHOWN):
        if month in measured:
            found[month] = Figure(measured[month] / GIGABYTE, visits.get(month, 0), {"source": "access log"})
        else:
            found[month] = _bandwidth(records.sums_by_month.get(month, {}), records.settings)
    return _by_month(found)


def _bandwidth(sums: Amounts, settings: StatisticsSettings) -> Figure:
    sent, seconds = sums.get("bytes_downloaded", 0), by_name(sums, "seconds_")
    megabits = sum(amount * settings.bitrates.get(quality, 0.0) for quality, amount in seconds.items())
    guessed = megabits * BITS_PER_MEGABIT / BITS_PER_BYTE
    if not sent and not guessed:
        return NO_DATA
    events = sums.get("timed_watches", 0) + sums.get("downloads_measured", 0)
    beside = {"measured_gb": sent / GIGABYTE, "estimated_gb": guessed / GIGABYTE, "setting": "BITRATES"}
    return Figure((sent + guessed) / GIGABYTE, events, beside, is_estimate=bool(guessed))


def _by_month(found: dict[str, Figure]) -> Figure:
    """The figure of the first month, with those of the months before it beside; 0 in a month that has none yet."""
    months = {month: figure.value for month, figure in reversed(found.items()) if figure.value is not None}
    if not months:
        return NO_DATA
    newest = next(iter(found.values()))
    newest = Figure(0.0) if newest.value is None else newest
    return replace(newest, detail={**newest.detail, "gb_by_month": months})


def person_utilization(records: PersonRecords) -> Figure:
    used = person_used(records)
    quota = records.settings.storage_quota_gb.get(effective_role(records.user, records.now).value)
    if used.value is None or quota is None:
        return NO_DATA
    return Figure(share(used.value, quota), used.events, {"quota_gb": quota, "used_gb": used.value})


def site_utilization(records: SiteRecords) -> Figure:
    used = site_used(records)
    quotas = [records.settings.storage_quota_gb.get(effective_role(user, records.now).value) for user in records.users]
    quota = sum(one for one in quotas if one is not None)
    if used.value is None or not quota:
        return NO_DATA
    return Figure(share(used.value, quota), used.events, {"quota_gb": quota, "used_gb": used.value})


def person_largest(records: PersonRecords) -> Figure:
    uploads = _sized(records.of("upload", "content", "stream_started"))
    if not uploads:
        return NO_DATA
    largest = max(uploads, key=lambda one: one["size_bytes"])
    return Figure(largest["size_bytes"] / MEGABYTE, len(uploads), {"content_id": largest["subject"]})


def site_largest(records: SiteRecords) -> Figure:
    sizes = [item["size_bytes"] for item in _sized(list(records.about.values()))]
    sizes += [tally.get("largest_bytes", 0) for tally in records.tallies]
    return Figure(max(sizes) / MEGABYTE, len(sizes)) if any(sizes) else NO_DATA


def person_oldest(records: PersonRecords) -> Figure:
    if not records.items:
        return NO_DATA
    first = min(records.items, key=lambda item: item["at"])
    age = records.today - day_of(moment_of(first), records.zone)
    return Figure(age.days, len(records.items), {"content_id": first["subject"]})


def site_oldest(records: SiteRecords) -> Figure:
    if not records.items:
        return NO_DATA
    first = min(records.items, key=lambda item: item["created_at"])
    created: date = from_iso(first["created_at"]).astimezone(records.zone).date()
    return Figure((records.today - created).days, len(records.items), {"content_id": first["content_id"]})


def site_backup(records: SiteRecords) -> Figure:
    """`ok` within one and a half terms of the schedule, `late` after; `failed` where the newest attempt failed."""
    known = records.backups
    if not known:
        return Figure("never")
    verified = known.get("verified_at")
    age = records.now - from_iso(verified) if verified else None
    if known.get("failed_at", "") > (verified or ""):
        state = "failed"
    elif age is None:
        state = "never"
    else:
        state = "ok" if age <= timedelta(days=1.5 * records.settings.backup_days) else "late"
    return Figure(state, 1, {"verified_at": verified, "age_hours": age.total_seconds() / 3600 if age else None})


_UPLOAD = 'record_upload(user_id, "video", content_id="intro", size_bytes=1_500_000_000)'
GROUP = Group(
    "Storage and bandwidth",
    (
        Entry(24, "storage_used", "Total storage used", "GB", (PERSON,),
            "The sizes of all items that are not deleted, in 10⁹ bytes; an item lies with who uploaded it.",
            _UPLOAD, person=person_used, platform=site_used),
        Entry(25, "monthly_bandwidth", "Monthly bandwidth", "GB", (PERSON, PLATFORM),
            "Bytes sent this month where they were recorded; else watched seconds × the bitrate of their quality from "
            "the setting BITRATES, marked as an estimate; the eleven months before beside it. Months are those of the "
            "zone, in an access log those of UTC.",
            'content.download(user_id, "intro", size_bytes=700_000_000)', person=person_bandwidth,
            platform=site_bandwidth),
        Entry(26, "storage_utilization", "Storage utilisation", "%", (PERSON,),
            "Storage used ÷ the quota of the role, from the setting STORAGE_QUOTA_GB.",
            _UPLOAD, person=person_utilization, platform=site_utilization),
        Entry(27, "largest_file", "Largest file uploaded", "MB", (PERSON,),
            "The size of the largest upload, deleted or not, in 10⁶ bytes.",
            _UPLOAD, person=person_largest, platform=site_largest),
        Entry(28, "oldest_content", "Oldest content", "days", (PERSON,),
            "Calendar days since the first item that is not deleted.",
            'record_upload(user_id, "video", content_id="intro")', person=person_oldest, platform=site_oldest),
        Entry(29, "backup_status", "Backup status", "state", (PLATFORM,),
            "ok, late, failed or never, by the age of the newest verified backup against its schedule.",
            "python -m user_stats backup PATH", platform=site_backup),
    ),
)  # fmt: skip
