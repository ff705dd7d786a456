"""Charts of the admin pages: functions of figures, in the theme's colours, each with a text that says what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from user_stats.plan_growth import MonthOfPlans
from user_stats.ui.charts import draw

HEIGHT = 260
ROW_HEIGHT = 30
LABELS = 7
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = "%-d %b %Y"


def draw_bars(
    days: Sequence[date], series: Mapping[str, Sequence[float]], *, unit: str, key: str, text: str, step_days: int = 1
) -> None:
    """Stacked bars over time, one colour a series; each bar stands for `step_days` from its day on."""
    frame = _long(days, series)
    frame["date"] = [day.date().isoformat() for day in frame["day"]]
    when = "Day" if step_days == 1 else "Week from"
    tooltip = [alt.Tooltip("day:T", format=DAY, title=when), alt.Tooltip("Series:N", title="What")]
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("date:O", title=None, scale=alt.Scale(paddingInner=0.15), axis=_date_axis(days)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=",~f", tickMinStep=1), stack=True),
            color=_series_colour(series),
            tooltip=[*tooltip, alt.Tooltip("value:Q", format=",.1~f", title=unit)],
        )
        .properties(height=HEIGHT)
    )
    draw(chart, key=key, text=text)


def draw_lines(days: Sequence[date], series: Mapping[str, Sequence[float]], *, unit: str, key: str, text: str) -> None:
    """Lines over time, one colour a series; the values of a day show where the pointer is."""
    frame = _long(days, series)
    base = alt.Chart(frame).encode(x=alt.X("day:T", title=None, axis=_time_axis()))
    near = alt.selection_point(nearest=True, on="pointerover", fields=["day"], empty=False, clear="pointerout")
    lines = base.mark_line(interpolate="monotone", strokeWidth=2).encode(
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=",~f")), color=_series_colour(series)
    )
    points = lines.mark_point(filled=True, size=60).encode(
        opacity=alt.condition(near, alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("day:T", format=DAY, title="Day"),
            alt.Tooltip("Series:N", title="What"),
            alt.Tooltip("value:Q", format=",.1~f", title=unit),
        ],
    )
    draw((lines + points.add_params(near)).properties(height=HEIGHT), key=key, text=text)


def draw_week(hours: Mapping[tuple[int, int], float], *, key: str) -> None:
    """Hours watched at each hour of the week, darker for more; keys are weekday (0 = Monday) and hour."""
    cells = [(weekday, hour) for weekday in range(7) for hour in range(24)]
    frame = pd.DataFrame(
        {
            "Day": [WEEKDAYS[weekday] for weekday, _ in cells],
            "Hour": [hour for _, hour in cells],
            "Hours": [hours.get(cell, 0.0) for cell in cells],
            "When": [f"{WEEKDAYS[weekday]}, {hour:02}:00 to {hour + 1:02}:00" for weekday, hour in cells],
        }
    )
    chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("Hour:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, values=[0, 6, 12, 18])),
            y=alt.Y("Day:O", sort=list(WEEKDAYS), title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color("Hours:Q", legend=None),
            tooltip=["When:N", alt.Tooltip("Hours:Q", format=",.1f", title="Hours watched")],
        )
        .properties(height=HEIGHT)
    )
    weekday, hour = max(cells, key=lambda cell: hours.get(cell, 0.0))
    draw(chart, key=key, text=f"Hours watched by weekday and hour; the most on {WEEKDAYS[weekday]} at {hour:02}:00")


def draw_plans(months: Sequence[MonthOfPlans], *, key: str) -> None:
    """Running plans at the end of each month, by plan."""
    series = {"Subscriber": [month.subscriber for month in months], "Premium": [month.premium for month in months]}
    text = f"Running plans by month; {months[-1].closing:,} now"
    _draw_months([month.month for month in months], series, "Plans", ",.0f", key=key, text=text)


def draw_revenue(months: Sequence[tuple[str, float, float]], *, key: str) -> None:
    """Estimated revenue of each month: (month, of subscribers, of premium members)."""
    series = {"Subscriber": [month[1] for month in months], "Premium": [month[2] for month in months]}
    text = f"Estimated revenue by month; {sum(months[-1][1:]):,.2f} now"
    _draw_months([month[0] for month in months], series, "Revenue", ",.2f", key=key, text=text)


def draw_ranks(rows: Sequence[tuple[str, int]], *, what: str, key: str) -> None:
    """Bars from the largest count down, the name in front."""
    frame = pd.DataFrame({"Name": [name for name, _ in rows], what: [count for _, count in rows]})
    base = alt.Chart(frame).encode(
        y=alt.Y("Name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, ticks=False, labelOverlap=False)),
        x=alt.X(f"{what}:Q", title=None, axis=alt.Axis(format=",~f", tickCount=4)),
        tooltip=["Name:N", alt.Tooltip(f"{what}:Q", format=",")],
    )
    chart = base.mark_bar(cornerRadiusEnd=3).properties(height=ROW_HEIGHT * len(rows) + 40)
    draw(chart, key=key, text=f"{what}, the most first: " + ", ".join(f"{name} {count:,}" for name, count in rows[:3]))


def _draw_months(
    months: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, form: str, *, key: str, text: str
) -> None:
    frame = _long([date.fromisoformat(f"{month}-01") for month in months], series)
    frame["month"] = [f"{day:%b %Y}" for day in frame["day"]]
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("month:O", title=None, sort=None, axis=_month_axis()),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=",~f"), stack=True),
            color=_series_colour(series),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("Series:N", title="Plan"),
                alt.Tooltip("value:Q", format=form, title=unit),
            ],
        )
        .properties(height=HEIGHT)
    )
    draw(chart, key=key, text=text)


def _long(days: Sequence[date], series: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    rows: dict[str, list[Any]] = {"day": [], "Series": [], "value": []}
    for name, values in series.items():
        rows["day"] += days
        rows["Series"] += [name] * len(days)
        rows["value"] += values
    frame = pd.DataFrame(rows)
    frame["day"] = pd.to_datetime(frame["day"])
    return frame


def _series_colour(series: Mapping[str, Sequence[float]]) -> alt.Color:
    legend = alt.Legend(orient="top", title=None, offset=6, padding=0) if len(series) > 1 else None
    return alt.Color("Series:N", scale=alt.Scale(domain=list(series)), legend=legend)


def _date_axis(days: Sequence[date]) -> alt.Axis:
    """Some of the days, which the bars carry as ISO text: the same day in every zone."""
    every = -(-len(days) // LABELS)
    values = [day.isoformat() for day in days[every // 2 :: every]]
    label = "utcFormat(toDate(datum.value), '%-d %b')"
    return alt.Axis(values=values, labelExpr=label, labelAngle=0, ticks=False)


def _month_axis() -> alt.Axis:
    return alt.Axis(labelAngle=0, labelExpr="split(datum.value, ' ')[0]", labelOverlap=True)


def _time_axis() -> alt.Axis:
    return alt.Axis(format="%-d %b", grid=False, labelOverlap=True, tickCount=7)
