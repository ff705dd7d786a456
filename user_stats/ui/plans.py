"""How plans look: their names and badges, what they cost, and how a person's subscription stands."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

import streamlit as st

from user_stats.bootstrap import page_settings
from user_stats.features import SUBSCRIPTION_ROLES, is_subscription_running
from user_stats.models import User, UserRole
from user_stats.times import from_iso
from user_stats.ui.text import shown_day

Colour = Literal["gray", "blue", "yellow", "orange"]
PLAN_NAMES = {
    UserRole.FREE: "Free",
    UserRole.SUBSCRIBER: "Subscriber",
    UserRole.PREMIUM: "Premium",
    UserRole.ADMIN: "Admin",
}
PLAN_ICONS = {
    UserRole.FREE: ":material/person:",
    UserRole.SUBSCRIBER: ":material/star:",
    UserRole.PREMIUM: ":material/diamond:",
    UserRole.ADMIN: ":material/shield_person:",
}
_COLOURS: dict[UserRole, Colour] = {
    UserRole.FREE: "gray",
    UserRole.SUBSCRIBER: "blue",
    UserRole.PREMIUM: "yellow",
    UserRole.ADMIN: "orange",
}
SECONDS_PER_DAY = 86_400


def draw_badge(role: UserRole) -> None:
    """The role as a small coloured mark."""
    st.badge(PLAN_NAMES[role], icon=PLAN_ICONS[role], color=_COLOURS[role])


def days_left(user: User, now: datetime) -> int | None:
    """Days until the subscription ends, begun ones counted; None where none is running or it runs on without end."""
    if not is_subscription_running(user, now) or user.subscription_expires is None:
        return None
    return math.ceil((from_iso(user.subscription_expires) - now).total_seconds() / SECONDS_PER_DAY)


def subscription_line(user: User, now: datetime) -> str:
    """How the subscription stands, in a sentence."""
    if user.role is UserRole.ADMIN:
        return "Admins have every feature; there is nothing to renew."
    if user.role not in SUBSCRIPTION_ROLES:
        return "No subscription. Everything on the Features page can be yours."
    name = PLAN_NAMES[user.role]
    left = days_left(user, now)
    if left is not None:
        return f"{name} until {shown_day(user.subscription_expires)}: {left:,} {'day' if left == 1 else 'days'} left."
    if is_subscription_running(user, now):
        return f"{name}, without an end."
    return f"{name} ended on {shown_day(user.subscription_expires)}. Renew it to have its features back."


def price_of(role: UserRole) -> str:
    """The price of a month."""
    settings = page_settings()
    price = settings.subscription_prices.get(role.value, 0.0)
    return f"{price:,.2f} {settings.currency} a month" if price else "Free of charge"
