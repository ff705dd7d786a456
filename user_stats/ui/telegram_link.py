"""Linking with the Telegram bot: a part of the profile."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import bot_settings, get_bot_links, get_bot_users
from user_stats.bot_users import Link
from user_stats.errors import UserStatsError
from user_stats.models import User
from user_stats.ui.actions import act
from user_stats.ui.session import for_people, require_user, viewer_client_id
from user_stats.ui.text import refusal, shown_time


def has_bot() -> bool:
    """True where the site has a Telegram bot, as far as this process can tell."""
    return bool(bot_settings().token) or get_bot_users().count() > 0


def render_telegram_link(user: User) -> None:
    """The link of the person, or a code to make one. For the person alone; nothing where the site has no bot."""
    if not has_bot():
        return
    st.header("Telegram", anchor=False)
    link = get_bot_links().find_link(user.user_id)
    if link is None:
        _draw_code()
    else:
        _draw_link(link)


def _draw_link(link: Link) -> None:
    st.write(f"Linked to the Telegram account {link.telegram_id} since {shown_time(link.linked_at)}.")
    st.caption("Send /me to the bot to see your statistics there.")
    st.button("Unlink", key="telegram_unlink", on_click=_unlink)


@for_people
def _unlink() -> None:
    act(lambda actor: get_bot_links().remove(actor, actor=actor), "Your Telegram account is not linked any more.")


def _draw_code() -> None:
    st.write("Link your Telegram account, and the bot tells you your statistics.")
    if not st.button("Make a code", key="telegram_code"):
        return
    user_id = require_user().user_id
    try:
        made = get_bot_links().make_code(user_id, client_id=viewer_client_id(), actor=user_id)
    except UserStatsError as error:
        st.error(refusal(error))
        return
    st.write(f"Send this to the bot; it is good once, until {shown_time(made.expires_at)}:")
    st.code(f"/link {made.code}", language=None)
    st.caption("With this the site knows that this browser and the Telegram account are one person.")
