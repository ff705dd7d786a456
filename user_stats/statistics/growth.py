"""Growth: subscribers, engagement, uploads, audience, revenue, and people who brought people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import linear_regression

from user_stats.features import is_subscription_running
from user_stats.models import UserRole
from user_stats.statistics.figures import NO_DATA, PERSON, PLATFORM, Entry, Figure, Group, share
from user_stats.statistics.moments import last_months
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.settings import StatisticsSettings
from user_stats.statistics.site_records import SiteRecords, by_name
from user_stats.times import from_iso

TREND_WEEKS, MEAN_WEEKS, PERIOD_DAYS, MONTHS = 12, 4, 30, 12
CENTS = 100


def site_subscribers(records: SiteRecords) -> Figure:
    """By the month in the zone; the figure is the net growth of this month."""
    kinds = ("new", "returned", "expired", "cancelled")
    months = {month: dict.fromkeys(kinds, 0) for month in last_months(records.today, MONTHS)}
    closing, seen = 0, 0
    for user, plans in records.plans():
        seen += len(plans)
        for number, plan in enumerate(plans):
            _count(months, records.month_of(plan["from"]), "returned" if number else "new")
            end = plan["until"] or (user.subscription_expires if number == len(plans) - 1 else None)
            if plan.get("cancelled"):
                _count(months, records.month_of(end or plan["from"]), "cancelled")
            elif end is not None and from_iso(end) <= records.now:
                _count(months, records.month_of(end), "expired")
        closing += is_subscription_running(user, records.now)
    if not seen:
        return NO_DATA
    this = months[records.today.isoformat()[:7]]
    growth = this["new"] + this["returned"] - this["expired"] - this["cancelled"]
    return Figure(growth, seen, {**this, "closing": closing, "months": months})


def _count(months: dict[str, dict[str, int]], month: str, name: str) -> None:
    if month in months:
        months[month][name] += 1


def site_engagement(records: SiteRecords) -> Figure:
    this = _per_active(records, records.utc_today, PERIOD_DAYS)
    last = _per_active(records, records.utc_today - timedelta(days=PERIOD_DAYS), PERIOD_DAYS)
    if this is None or not last:
        return NO_DATA
    sunday = records.utc_today + timedelta(days=6 - records.utc_today.weekday())
    weeks = [_per_active(records, sunday - timedelta(weeks=back), 7) or 0.0 for back in range(TREND_WEEKS, 0, -1)]
    beside = {"this": this, "last": last, "weeks": weeks, "slope": slope(weeks)}
    return Figure(share(this - last, last), records.interactions(records.utc_today, PERIOD_DAYS * 2), beside)


def _per_active(records: SiteRecords, until: date, days: int) -> float | None:
    """Interactions per active person in the days that end with `until`."""
    active = records.active_people(until, days)
    return records.interactions(until, days) / active if active else None


def slope(values: Sequence[float]) -> float:
    """By how much a step adds, as a least-squares line."""
    return linear_regression(range(len(values)), values).slope


def person_engagement(records: PersonRecords) -> Figure:
    acts = records.of("interaction")
    recent = sum(records.since(event) for event in acts)
    before = sum(records.since(event, 2 * PERIOD_DAYS) for event in acts) - recent
    return Figure(share(recent - before, before), len(acts), {"this": recent, "last": before}) if before else NO_DATA


def person_uploads(records: PersonRecords) -> Figure:
    days = [from_iso(event["at"]).astimezone(records.zone).date() for event in records.of("upload")]
    return _uploads({day: days.count(day) for day in days}, records.today)


def site_uploads(records: SiteRecords) -> Figure:
    names = ("video_uploads", "stream_uploads", "image_uploads")
    by_day = {date.fromisoformat(day): sum(row.get(name, 0) for name in names) for day, row in records.days.items()}
    return _uploads({day: count for day, count in by_day.items() if count}, records.utc_today)


def _uploads(by_day: dict[date, int], today: date) -> Figure:
    if not by_day:
        return NO_DATA
    monday = today - timedelta(days=today.weekday())
    weeks = [0] * TREND_WEEKS
    for day, count in by_day.items():
        back = (monday - (day - timedelta(days=day.weekday()))).days // 7
        if 0 <= back < TREND_WEEKS:
            weeks[TREND_WEEKS - 1 - back] += count
    mean = sum(weeks[-MEAN_WEEKS:]) / MEAN_WEEKS
    return Figure(mean, sum(by_day.values()), {"weeks": weeks, "this_week": weeks[-1]})


def site_audience(records: SiteRecords) -> Figure:
    first = records.utc_today.replace(day=1)
    last_first = (first - timedelta(days=1)).replace(day=1)
    this = records.viewers_between(first, records.utc_today)
    last = records.viewers_between(last_first, first - timedelta(days=1))
    return Figure(share(this - last, last), this + last, {"this_month": this, "last_month": last}) if last else NO_DATA


def site_revenue(records: SiteRecords) -> Figure:
    """Recorded payments of this month; without any ever, the prices of the running subscriptions."""
    if by_name(records.day_sums, "payments_"):
        month = records.month_sums
        ever, paid = (by_name(sums, "paid_", "_cents") for sums in (records.day_sums, month))
        return _revenue(ever, paid, month.get(f"payments_{records.settings.currency}", 0), records.settings)
    running = [user.role for user in records.users if is_subscription_running(user, records.now)]
    if not running:
        return NO_DATA
    currency = records.settings.currency
    return Figure(
        _monthly(running, records), len(running), {"currency": currency, "setting": "SUBSCRIPTION_PRICES"}, True
    )


def _revenue(ever: Mapping[str, int], paid: Mapping[str, int], events: int, settings: StatisticsSettings) -> Figure:
    """From cents by currency: what came in the currency of the site; what came in others stands beside it."""
    others = {currency: cents / CENTS for currency, cents in paid.items() if currency != settings.currency}
    beside = {"currency": settings.currency, "ever": ever.get(settings.currency, 0) / CENTS, "other_currencies": others}
    if settings.currency not in ever:
        return Figure(
            None, 0, beside, missing=f"payments in {', '.join(sorted(ever))} alone, none in {settings.currency}"
        )
    return Figure(paid.get(settings.currency, 0) / CENTS, events, beside)


def _monthly(roles: list[UserRole], records: SiteRecords) -> float:
    cents = (round(records.settings.subscription_prices.get(role.value, 0) * CENTS) for role in roles)
    return sum(cents) / CENTS


def person_revenue(records: PersonRecords) -> Figure:
    """What one person ever paid."""
    payments, paid = records.of("payment"), dict[str, int]()
    for event in payments:
        paid[event["currency"]] = paid.get(event["currency"], 0) + event["cents"]
    count = sum(event["currency"] == records.settings.currency for event in payments)
    return _revenue(paid, paid, count, records.settings) if payments else NO_DATA


def person_referrals(records: PersonRecords) -> Figure:
    """Who was erased since is none any more."""
    referrals = len(records.of("referral"))
    accounts = referrals - len(records.of("referred_gone"))
    return Figure(records.referred() or 0, referrals, {"accounts": accounts}) if referrals else NO_DATA


def site_referrals(records: SiteRecords) -> Figure:
    referrals = records.day_sum("referrals")
    accounts = referrals - records.day_sum("referrals_gone")
    return Figure(records.active_referrals(), referrals, {"accounts": accounts}) if referrals else NO_DATA


_SUBSCRIBE = 'upgrade_subscription(user_id, "premium")'
GROUP = Group(
    "Growth",
    (
        Entry(30, "subscriber_growth", "Subscriber growth per month", "count", (PLATFORM,),
            "This month's new + returned − expired − cancelled subscriptions, with the closing count and the last 12 "
            "months.",
            _SUBSCRIBE, platform=site_subscribers),
        Entry(31, "engagement_trend", "Engagement growth trend", "%", (PLATFORM,),
            "Interactions per active person in the last 30 UTC days over the 30 before; beside it the slope of 12 "
            "whole weeks.",
            'record_interaction(user_id, "like")', person=person_engagement, platform=site_engagement),
        Entry(32, "upload_trend", "Video upload frequency trend", "per week", (PLATFORM,),
            "Uploads a week as the mean of the last 4 ISO weeks, this one included; the last 12 beside it.",
            'record_upload(user_id, "video")', person=person_uploads, platform=site_uploads),
        Entry(33, "audience_growth", "Audience size growth", "%", (PLATFORM,),
            "Distinct viewers of this month so far over those of last month, by UTC days.",
            'record_watch_activity(user_id, "intro", 1800)', platform=site_audience),
        Entry(34, "subscription_revenue", "Revenue from subscriptions", "currency", (PLATFORM,),
            "Payments in CURRENCY recorded this month in the zone, those in others beside them; without any ever, the "
            "monthly prices of the running subscriptions from the setting SUBSCRIPTION_PRICES, marked as an estimate. "
            "Of a person what they ever paid.",
            'community.record_payment(user_id, 9.99, "USD")', person=person_revenue, platform=site_revenue),
        Entry(35, "referrals", "Referral count", "count", (PERSON,),
            "Accounts whose referrer is the person, once they were active; who was erased is none any more.",
            "community.set_referrer(new_user_id, user_id)", person=person_referrals, platform=site_referrals),
    ),
)  # fmt: skip
