"""The page "Features": what each feature is, which are theirs and why, and the plans side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import streamlit as st

from user_stats.bootstrap import get_user_manager, page_settings
from user_stats.features import (
    FEATURE_TITLES,
    PLAN_FEATURES,
    SUBSCRIPTION_ROLES,
    FeatureAccess,
    effective_role,
    is_subscription_running,
)
from user_stats.models import SubscriberFeature, User, UserRole
from user_stats.times import utc_now
from user_stats.ui.actions import act, go_on_signed_in, page, require_owner
from user_stats.ui.plans import PLAN_NAMES, draw_badge, price_of, subscription_line
from user_stats.ui.session import for_people
from user_stats.ui.text import on_primary

ICONS = {
    SubscriberFeature.CUSTOM_BRANDING: ":material/palette:",
    SubscriberFeature.PRIORITY_UPLOAD: ":material/upload:",
    SubscriberFeature.ADVANCED_ANALYTICS: ":material/monitoring:",
    SubscriberFeature.HD_STREAMING: ":material/hd:",
    SubscriberFeature.AD_FREE: ":material/block:",
    SubscriberFeature.EARLY_ACCESS: ":material/rocket_launch:",
    SubscriberFeature.CUSTOM_PLAYLISTS: ":material/playlist_play:",
    SubscriberFeature.BULK_OPERATIONS: ":material/library_add_check:",
}
MEANINGS = {
    SubscriberFeature.CUSTOM_BRANDING: "Your own logo and colours on your channel and your streams.",
    SubscriberFeature.PRIORITY_UPLOAD: "What you upload is processed before the queue.",
    SubscriberFeature.ADVANCED_ANALYTICS: "Who watches your videos, for how long and when.",
    SubscriberFeature.HD_STREAMING: "Videos and live streams in 1080p, 1440p and 2160p.",
    SubscriberFeature.AD_FREE: "Nothing stands between you and what you watch.",
    SubscriberFeature.EARLY_ACCESS: "New videos and new functions before everybody else.",
    SubscriberFeature.CUSTOM_PLAYLISTS: "Put together what belongs together, for you or for others.",
    SubscriberFeature.BULK_OPERATIONS: "Change, move or delete many videos in one go.",
}
REASONS = {
    "plan": "Part of your plan",
    "granted": "Given by an admin",
    "revoked": "Taken by an admin",
    "expired": "Your plan has ended",
    "not_in_plan": "Not part of your plan",
}
PLANS = (UserRole.FREE, *SUBSCRIPTION_ROLES)


@page
def render_subscriber_features(user_id: str) -> None:
    """Draws the features of the person who is signed in; admins may look at anybody's."""
    require_owner(user_id)
    manager, now = get_user_manager(), utc_now()
    user, access = manager.get_user(user_id), manager.get_features(user_id)
    st.title("Features")
    _draw_subscription(user, now)
    mine = sum(one.is_available for one in access.values())
    st.header(f"{mine} of {len(access)} features are yours", anchor=False)
    with st.grid(4, min_column_width=185, gap="small", border=True):
        for one in sorted(access.values(), key=lambda one: not one.is_available):
            _draw_feature(one)
    if user.role is not UserRole.ADMIN:
        st.header("Plans", anchor=False)
        _draw_plans(user, now)


def _draw_subscription(user: User, now: datetime) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        draw_badge(effective_role(user, now))
        st.markdown(subscription_line(user, now), width="content")
        if is_subscription_running(user, now) and st.button(
            "Cancel …", key="features_cancel", type="tertiary", icon=":material/close:"
        ):
            _ask_cancelling(user.user_id)
    request = get_user_manager().find_upgrade_request(user.user_id)
    if request is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"You have asked for {PLAN_NAMES[request.plan]}. An admin will see to it.", width="content")
            st.button("Withdraw", key="features_withdraw", on_click=_withdraw, args=(user.user_id,))


def _draw_feature(one: FeatureAccess) -> None:
    with st.container():
        st.markdown(f"{ICONS[one.feature]} **{FEATURE_TITLES[one.feature]}**")
        st.write(MEANINGS[one.feature])
        if one.is_available:
            st.badge(REASONS[one.reason], icon=":material/check:", color="green")
        else:
            st.badge(REASONS[one.reason], icon=":material/lock:", color="gray")
        st.caption(f"Used {one.uses:,} {'time' if one.uses == 1 else 'times'}")


# -- plans ------------------------------------------------------------------------------------------------------------


def _draw_plans(user: User, now: datetime) -> None:
    for column, plan in zip(st.columns(len(PLANS)), PLANS, strict=True):
        with column.container(border=True, height="stretch"):
            draw_badge(plan)
            st.markdown(f"**{price_of(plan)}**")
            _draw_button(user, plan, now)
            st.markdown("  \n".join(_feature_line(feature, plan) for feature in SubscriberFeature))


def _feature_line(feature: SubscriberFeature, plan: UserRole) -> str:
    title = FEATURE_TITLES[feature]
    return (
        f":green[:material/check:] {title}" if feature in PLAN_FEATURES[plan] else f":gray[:material/remove: {title}]"
    )


def _draw_button(user: User, plan: UserRole, now: datetime) -> None:
    """What the person can do about a plan, as the site has it set."""
    mine = effective_role(user, now)
    if plan is UserRole.FREE:
        st.button("Your plan" if mine is plan else "Always there", key="features_free", disabled=True, width="stretch")
        return
    label = f"Renew {PLAN_NAMES[plan]}" if mine is plan else f"Upgrade to {PLAN_NAMES[plan]}"
    if mine is UserRole.PREMIUM and plan is UserRole.SUBSCRIBER:
        label = f"Change to {PLAN_NAMES[plan]}"
    settings = page_settings()
    kind: Literal["primary", "secondary"] = "primary" if plan is UserRole.PREMIUM and mine is not plan else "secondary"
    if settings.upgrade_mode == "payment":
        address = settings.payment_url.replace("{plan}", plan.value)
        st.link_button(label, address, type=kind, icon=":material/open_in_new:", width="stretch")
    elif st.button(label, key=f"features_{plan.value}", type=kind, width="stretch"):
        _ask_upgrading(user.user_id, plan)


@st.dialog("Change of plan", icon=":material/diamond:")
def _ask_upgrading(user_id: str, plan: UserRole) -> None:
    go_on_signed_in()
    settings = page_settings()
    asks_admin = settings.upgrade_mode == "request"
    st.write(f"{PLAN_NAMES[plan]}: {price_of(plan)}.")
    begins = "An admin decides; then it" if asks_admin else "It begins at once and"
    st.write(f"{begins} runs for {settings.subscription_days:,} days.")
    user = get_user_manager().get_user(user_id)
    if user.role is not plan and is_subscription_running(user, utc_now()):
        st.write(f"It takes the place of {PLAN_NAMES[user.role]}, which ends then.")
    if st.button(
        on_primary(f"Ask for {PLAN_NAMES[plan]}" if asks_admin else f"Take {PLAN_NAMES[plan]}"),
        key="features_confirmed",
        type="primary",
        on_click=_ask_admin if asks_admin else _upgrade,
        args=(user_id, plan),
    ):
        st.rerun()


@for_people
def _upgrade(user_id: str, plan: UserRole) -> None:
    manager = get_user_manager()
    act(
        lambda actor: manager.upgrade_subscription(user_id, plan, actor=actor),
        f"You have {PLAN_NAMES[plan]} now. Enjoy it!",
    )


@for_people
def _ask_admin(user_id: str, plan: UserRole) -> None:
    manager = get_user_manager()
    act(
        lambda actor: manager.request_upgrade(user_id, plan, actor=actor),
        f"You have asked for {PLAN_NAMES[plan]}; an admin will see to it.",
    )


@for_people
def _withdraw(user_id: str) -> None:
    manager = get_user_manager()
    act(lambda actor: manager.drop_upgrade_request(user_id, actor=actor), "Your request is withdrawn.")


@st.dialog("Cancel the subscription?")
def _ask_cancelling(user_id: str) -> None:
    go_on_signed_in()
    st.write("It ends at once, and so do its features. Your figures and your history stay.")
    with st.container(horizontal=True):
        if st.button("Keep it", key="features_keep"):
            st.rerun()
        if st.button(
            on_primary("Cancel the subscription"),
            key="features_cancel_confirmed",
            type="primary",
            on_click=_cancel,
            args=(user_id,),
        ):
            st.rerun()


@for_people
def _cancel(user_id: str) -> None:
    manager = get_user_manager()
    act(lambda actor: manager.cancel_subscription(user_id, actor=actor), "Your subscription is cancelled.")
