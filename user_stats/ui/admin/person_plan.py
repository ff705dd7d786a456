"""The plan and the features of one person, and what an admin may do about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from user_stats.bootstrap import get_user_manager, page_settings
from user_stats.features import FEATURE_TITLES, SUBSCRIPTION_ROLES, FeatureAccess
from user_stats.fields import SUBSCRIPTION_DAYS
from user_stats.models import SubscriberFeature, User, UserRole
from user_stats.ui.actions import act
from user_stats.ui.plans import PLAN_NAMES
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, on_primary, shown_day

REASONS = {
    "plan": "with the plan",
    "granted": "granted by an admin",
    "revoked": "taken away by an admin",
    "expired": "the plan has ended",
    "not_in_plan": "not in the plan",
}
ASSIGNMENTS = {"By the plan": "reset_feature", "Granted": "grant_feature", "Taken away": "revoke_feature"}


def draw_plan(user: User) -> None:
    if user.role is UserRole.ADMIN:
        st.info("Admins have every feature and no subscription.")
    else:
        _draw_subscription(user)
    _draw_features(user)


def _draw_subscription(user: User) -> None:
    request = get_user_manager().find_upgrade_request(user.user_id)
    if request is not None:
        st.info(f"Asked for {PLAN_NAMES[request.plan]} on {shown_day(request.requested_at)}.")
    days = page_settings().subscription_days
    with st.form("person_plan", border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Plan",
            SUBSCRIPTION_ROLES,
            SUBSCRIPTION_ROLES.index(user.role) if user.role in SUBSCRIPTION_ROLES else 0,
            key="person_plan_role",
            format_func=PLAN_NAMES.__getitem__,
            width=200,
        )
        st.number_input("Days", *SUBSCRIPTION_DAYS, days, key="person_plan_days", width=150)
        st.form_submit_button(
            on_primary("Start or renew"), key="person_plan_start", type="primary", on_click=_start, args=(user,)
        )
    st.caption("Renewing the same plan before its end adds the days to what is left; anything else starts today.")
    if user.role in SUBSCRIPTION_ROLES:
        st.button(
            "End the subscription now",
            key="person_plan_cancel",
            icon=":material/cancel:",
            on_click=_cancel,
            args=(user,),
        )


@for_admins
def _start(user: User) -> None:
    plan, days = st.session_state["person_plan_role"], st.session_state["person_plan_days"]
    act(
        lambda actor: get_user_manager().upgrade_subscription(user.user_id, plan, days, actor=actor),
        f"{inert(user.username)} has {PLAN_NAMES[plan]}.",
    )


@for_admins
def _cancel(user: User) -> None:
    act(
        lambda actor: get_user_manager().cancel_subscription(user.user_id, actor=actor),
        f"{inert(user.username)} has no subscription any more.",
    )


def _draw_features(user: User) -> None:
    st.markdown("**Features**")
    for feature, access in get_user_manager().get_features(user.user_id).items():
        with st.container(horizontal=True, vertical_alignment="center", key=f"feature_row_{feature.value}"):
            icon = ":green[:material/check_circle:]" if access.is_available else ":gray[:material/block:]"
            uses = f", used {access.uses:,} {'time' if access.uses == 1 else 'times'}" if access.uses else ""
            st.markdown(f"{icon} {FEATURE_TITLES[feature]} — {REASONS[access.reason]}{uses}", width="stretch")
            key = f"feature_{feature.value}_{user.user_id}"
            st.session_state[key] = _assignment(access)
            st.segmented_control(
                FEATURE_TITLES[feature],
                list(ASSIGNMENTS),
                key=key,
                required=True,
                label_visibility="collapsed",
                on_change=_assign,
                args=(user, feature, key),
            )


def _assignment(access: FeatureAccess) -> str:
    return {"granted": "Granted", "revoked": "Taken away"}.get(access.reason, "By the plan")


@for_admins
def _assign(user: User, feature: SubscriberFeature, key: str) -> None:
    chosen = st.session_state[key]
    verb: Callable[..., Any] = getattr(get_user_manager(), ASSIGNMENTS[chosen])
    act(
        lambda actor: verb(user.user_id, feature, actor=actor),
        f"{FEATURE_TITLES[feature]}: {chosen.lower()}, for {inert(user.username)}.",
    )
