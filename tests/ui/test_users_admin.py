"""The page "Users Admin": who may see it, every tab, and every act on people, each checked at the click."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import Forbidden, UserManager, UserNotFound, UserRole, bootstrap
from user_stats.bootstrap import get_accounts, get_audience, get_statistics
from user_stats.collections import AUDIT
from user_stats.errors import TooLarge
from user_stats.ui.admin import bulk, directory, downloads
from user_stats.ui.admin.figure_cards import bars_svg, catalogue_file, shown_value, small_chart, told_beside
from user_stats.ui.admin.person import CHANGED_MEANWHILE
from user_stats.ui.text import on_primary

from .conftest import PASSWORD, texts

PAGE = "render_users_list_page"
SignIn = Callable[[str | None], str | None]
HOSTILE = "![x](http://evil.test/x.png)"


@pytest.fixture
def admin_page(sign_in: SignIn, manager: UserManager) -> Callable[..., AppTest]:
    """Draws the page for grace, the admin, with these parameters of the address and this state."""

    def draw(viewer: str | None = "grace", person: str = "", **state: object) -> AppTest:
        sign_in(viewer)
        script = (
            f"from user_stats.ui import {PAGE}\nfrom user_stats.ui.session import show_flash\nshow_flash()\n{PAGE}()\n"
        )
        shown = AppTest.from_string(script, default_timeout=30)
        if person:
            shown.query_params["person"] = person
        for name, value in state.items():
            shown.session_state[name] = value
        shown.run()
        assert not shown.exception
        return shown

    return draw


AdminPage = Callable[..., AppTest]


def names(shown: AppTest) -> list[str]:
    return list(shown.dataframe[0].value["Name"])


# -- who may see it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("viewer", "refusal"), [("ada", "admins only"), (None, "sign in")])
@pytest.mark.parametrize("tab", ["All Users", "Subscribers", "Analytics", "Possible Stats"])
def test_nobody_but_an_admin_sees_a_tab(
    admin_page: AdminPage, ada: str, viewer: str | None, refusal: str, tab: str
) -> None:
    shown = admin_page(viewer, admin_tab=tab, person=ada)
    assert refusal in texts(shown)
    assert "ada@example.org" not in texts(shown)
    assert not shown.dataframe
    assert not shown.tabs


# -- the directory ----------------------------------------------------------------------------------------------------


def test_the_directory_lists_finds_and_sorts(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    manager.create_user("bob", "bob@example.net", UserRole.PREMIUM)
    manager.update_user(ada, is_active=False)
    shown = admin_page()
    assert names(shown) == ["ada", "bob", "grace"]
    assert "3 people, showing 1 to 3" in texts(shown)
    for key, value, found in (
        ("directory_text", "EXAMPLE.NET", ["bob"]),
        ("directory_role", UserRole.ADMIN, ["grace"]),
        ("directory_state", "Inactive", ["ada"]),
        ("directory_sort", "Newest first", ["bob", "ada", "grace"]),
    ):
        assert names(admin_page(**{key: value})) == found, key


def test_a_search_that_finds_nobody_says_what_to_do(admin_page: AdminPage, ada: str) -> None:
    assert "Nobody matches" in texts(admin_page(directory_text="no such"))


def test_long_lists_come_in_pages_of_fifty(admin_page: AdminPage, manager: UserManager) -> None:
    for number in range(120):
        manager.create_user(f"person{number:03}", f"p{number}@example.org")
    shown = admin_page(directory_page=3)
    assert names(shown)[0] == "person099"
    assert "121 people, showing 101 to 121" in texts(shown)
    shown.text_input(key="directory_text").set_value("person00").run()
    assert len(names(shown)) == 10  # a new search begins on the first page


def test_a_search_says_that_more_match_than_were_counted(
    admin_page: AdminPage, manager: UserManager, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.create_user("bob", "bob@example.org")
    monkeypatch.setattr(directory, "COUNTED_TO", 2)
    assert "More than 2 people, showing 1 to 3" in texts(admin_page(directory_text="example"))
    assert "3 people, showing 1 to 3" in texts(admin_page())


def test_a_list_that_became_shorter_shows_its_last_page(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    assert names(admin_page(directory_page=7)) == ["ada", "grace"]
    manager.upgrade_subscription(ada, UserRole.PREMIUM)
    assert list(admin_page(admin_tab="Subscribers", subscribers_page=7).dataframe[-1].value["Name"]) == ["ada"]


def test_figures_of_a_person_stand_in_the_list(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "intro", 5400)
    shown = admin_page()
    assert dict(zip(names(shown), shown.dataframe[0].value["Watched"], strict=True)) == {"ada": 1.5, "grace": 0.0}


# -- many at once -----------------------------------------------------------------------------------------------------


def confirmation(change: str, user_ids: list[str]) -> AppTest:
    """The dialog for a change of many, by the word on its button."""
    script = (
        "from user_stats.ui.admin import bulk\n"
        f"change = next(one for one in bulk.CHANGES if one.label == {change!r})\n"
        f"bulk.draw_confirmation(change, {user_ids!r}, [])\n"
    )
    return AppTest.from_string(script, default_timeout=30).run()


def confirm(shown: AppTest) -> str:
    """What is said after the click."""
    shown.button(key="bulk_confirm").click().run()
    return " ".join(text for text, _ in shown.session_state["_flashes"])


def test_every_change_of_many_says_how_many_and_does_it(manager: UserManager, ada: str, sign_in: SignIn) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    sign_in("grace")
    for change in bulk.CHANGES:
        shown = confirmation(change.label, [ada, bob])
        assert shown.button(key="bulk_confirm").label == on_primary(f"{change.label}: 2 people")
        assert "2 people" in confirm(shown)
        if change.label == "Make premium":
            assert [manager.get_user(one).role for one in (ada, bob)] == [UserRole.PREMIUM] * 2
        if change.label == "Deactivate":
            assert not manager.get_user(ada).is_active
    with pytest.raises(UserNotFound):
        manager.get_user(ada)


def test_the_last_admin_stays_and_nobody_else_is_changed_with_them(
    manager: UserManager, ada: str, sign_in: SignIn
) -> None:
    grace = manager.find_user("grace")
    assert grace is not None
    sign_in("grace")
    for change in ("Make free", "Deactivate", "Delete"):
        shown = confirmation(change, [ada, grace.user_id])
        assert "last active admin" in confirm(shown)
    assert manager.get_user(ada).is_active
    assert manager.get_user(grace.user_id).role is UserRole.ADMIN


def test_an_admin_who_was_demoted_meanwhile_finds_a_closed_door(
    manager: UserManager, ada: str, sign_in: SignIn
) -> None:
    manager.create_user("heidi", "heidi@example.org", UserRole.ADMIN, password=PASSWORD)
    sign_in("grace")
    shown = confirmation("Delete", [ada])
    grace = manager.find_user("grace")
    assert grace is not None
    manager.update_user(grace.user_id, role=UserRole.FREE)
    shown.button(key="bulk_confirm").click().run()
    assert "_flashes" not in shown.session_state
    assert manager.get_user(ada).username == "ada"


# -- one person -------------------------------------------------------------------------------------------------------


def test_one_person_has_everything_on_one_page(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "intro", 5400, title="The Intro")
    manager.upgrade_subscription(ada, UserRole.PREMIUM)
    get_accounts().sign_in("ada", PASSWORD, agent="Firefox")
    shown = admin_page(person=ada)
    assert {one.label: one.value for one in shown.metric}["Watched"] == "1.5 h"
    assert "Premium until" in texts(shown)
    assert "Custom branding — with the plan" in texts(admin_page(person=ada, person_tab="Plan and features"))
    assert list(admin_page(person=ada, person_tab="History").dataframe[0].value["What"]) == ["The Intro"]
    assert "Firefox" in texts(admin_page(person=ada, person_tab="Sign-in"))


def test_an_id_of_nobody_is_said_plainly(admin_page: AdminPage) -> None:
    for person in ("nonsense", "11111111-1111-4111-8111-111111111111"):
        assert "no such person" in texts(admin_page(person=person))


def save(shown: AppTest, manager: UserManager, user_id: str, **values: object) -> AppTest:
    version = manager.get_user_version(user_id)
    for name, value in values.items():
        widgets = shown.selectbox if name == "role" else shown.text_input
        widgets(key=f"person_{name}_{user_id}_{version}").set_value(value)
    button = next(one for one in shown.button if one.label == on_primary("Save"))
    return button.click().run()


def test_an_account_is_changed(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    save(admin_page(person=ada), manager, ada, username="ada.l", role=UserRole.SUBSCRIBER)
    user = manager.get_user(ada)
    assert (user.username, user.role, user.email) == ("ada.l", UserRole.SUBSCRIBER, "ada@example.org")


def test_who_saves_second_is_told_and_nothing_is_lost(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    shown = admin_page(person=ada)
    version = manager.get_user_version(ada)
    manager.update_user(ada, email="new@example.org")
    shown.text_input(key=f"person_username_{ada}_{version}").set_value("second")
    next(one for one in shown.button if one.label == on_primary("Save")).click().run()
    assert CHANGED_MEANWHILE[:40] in texts(shown)
    assert (manager.get_user(ada).username, manager.get_user(ada).email) == ("ada", "new@example.org")
    assert shown.text_input(key=f"person_email_{ada}_{version + 1}").value == "new@example.org"


def test_the_last_admin_cannot_demote_themselves(admin_page: AdminPage, manager: UserManager) -> None:
    grace = manager.find_user("grace")
    assert grace is not None
    shown = save(admin_page(person=grace.user_id), manager, grace.user_id, role=UserRole.FREE)
    assert "last active admin" in texts(shown)
    assert manager.get_user(grace.user_id).role is UserRole.ADMIN


def test_plans_and_features_are_given_and_taken(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    shown = admin_page(person=ada, person_tab="Plan and features")
    shown.number_input(key="person_plan_days").set_value(30)
    next(one for one in shown.button if one.label == on_primary("Start or renew")).click().run()
    assert manager.get_user(ada).role is UserRole.SUBSCRIBER
    for chosen, is_available in (("Granted", True), ("Taken away", False), ("By the plan", False)):
        control = next(one for one in shown.get("button_group") if one.key == f"feature_early_access_{ada}")
        control.set_value(chosen).run()
        assert manager.has_feature(ada, "early_access") is is_available, chosen
    shown.button(key="person_plan_cancel").click().run()
    assert manager.get_user(ada).role is UserRole.FREE


def test_deactivating_signs_out_and_deleting_erases(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    token = get_accounts().sign_in("ada", PASSWORD).token
    shown = admin_page(person=ada)
    shown.button(key="person_deactivate").click().run()
    assert get_accounts().user_of(token) is None
    shown.button(key="person_reactivate").click().run()
    assert manager.get_user(ada).is_active
    script = (
        "from user_stats.bootstrap import get_user_manager\n"
        "from user_stats.ui.admin.person import draw_deletion\n"
        f"draw_deletion(get_user_manager().get_user({ada!r}))\n"
    )
    dialog = AppTest.from_string(script, default_timeout=30).run()
    assert "(1 person)" in dialog.error[0].value
    dialog.button(key="person_delete_confirm").click().run()
    assert manager.find_user("ada") is None


def test_a_link_for_a_new_password_is_shown_once_and_works(
    admin_page: AdminPage, manager: UserManager, ada: str
) -> None:
    shown = admin_page(person=ada, person_tab="Sign-in")
    shown.button(key="person_reset").click().run()
    link = shown.code[0].value
    assert not shown.run().code
    get_accounts().reset_password(link.split("code=")[1], "another correct horse battery")
    assert get_accounts().sign_in("ada", "another correct horse battery").token


def test_sessions_are_ended(admin_page: AdminPage, ada: str) -> None:
    first, second = (get_accounts().sign_in("ada", PASSWORD).token for _ in range(2))
    shown = admin_page(person=ada, person_tab="Sign-in")
    shown.button(key=f"end_{get_accounts().session_id_of(first)}").click().run()
    assert get_accounts().user_of(first) is None
    assert get_accounts().user_of(second) is not None


def test_people_are_made(manager: UserManager, sign_in: SignIn) -> None:
    sign_in("grace")
    dialog = AppTest.from_string("from user_stats.ui.admin.create import draw_form\ndraw_form()", default_timeout=30)
    dialog.run()
    dialog.text_input(key="create_username").set_value("gr")
    dialog.text_input(key="create_email").set_value("hal@example.org")
    dialog.button[0].click().run()
    assert "Username" in texts(dialog)
    dialog.text_input(key="create_username").set_value("hal9000")
    dialog.selectbox(key="create_role").set_value(UserRole.PREMIUM)
    dialog.button[0].click().run()
    made = manager.find_user("hal9000")
    assert made is not None
    assert made.role is UserRole.PREMIUM


# -- subscribers ------------------------------------------------------------------------------------------------------


def test_nobody_with_a_plan_is_said_with_a_next_step(admin_page: AdminPage, ada: str) -> None:
    assert "Nobody has a plan yet" in texts(admin_page(admin_tab="Subscribers"))


def test_plans_revenue_and_who_ends_soon(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 5)
    manager.upgrade_subscription(bob, UserRole.SUBSCRIBER, 100)
    shown = admin_page(admin_tab="Subscribers")
    figures = {one.label: one.value for one in shown.metric}
    assert figures["Running plans"] == "2"
    assert figures["Subscriber / Premium"] == "1 / 1"
    assert figures["Monthly revenue"] == "14.98"
    assert figures["Ending soon"] == "1"
    assert "An estimate" in texts(shown)
    assert list(shown.dataframe[-1].value["Name"]) == ["ada", "bob"]
    assert list(admin_page(admin_tab="Subscribers", subscribers_ending="In 7 days").dataframe[-1].value["Name"]) == [
        "ada"
    ]


def test_requests_for_a_plan_are_accepted_and_declined(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    for person in (ada, bob):
        manager.request_upgrade(person, UserRole.PREMIUM)
    shown = admin_page(admin_tab="Subscribers")
    shown.button(key=f"accept_{ada}").click().run()
    shown.button(key=f"decline_{bob}").click().run()
    assert (manager.get_user(ada).role, manager.get_user(bob).role) == (UserRole.PREMIUM, UserRole.FREE)
    assert manager.get_upgrade_requests() == []


# -- analytics --------------------------------------------------------------------------------------------------------


def test_the_platform_is_told_by_its_days(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    shown = admin_page(admin_tab="Analytics")
    assert {one.label: one.value for one in shown.metric}["People"] == "2"
    manager.record_watch_activity(ada, "intro", 7200, completed=True)
    figures = {one.label: one.value for one in shown.run().metric}
    assert (figures["Watched"], figures["Watches"], figures["Watched to the end"]) == ("2 h", "1", "100%")
    for period in ("90 days", "12 months"):
        assert not admin_page(admin_tab="Analytics", platform_period=period).exception


def test_the_audience_is_told_with_its_three_figures(admin_page: AdminPage) -> None:
    assert "No visit was counted yet" in texts(admin_page(admin_tab="Analytics", analytics_part="Audience"))
    audience = get_audience()
    client = "3f2b6c1e-7a77-4d4e-9c1f-0f3f5c9b2a11"
    visits = [audience.visit(address="203.0.113.9", path=path, client_id=client) for path in ("/", "/", "/a")]
    audience.record_visits(visits)
    audience.record_job("poster", False, error="<img src=x>", seconds=2.5)
    shown = admin_page(admin_tab="Analytics", analytics_part="Audience")
    figures = {one.label: one.value for one in shown.metric}
    assert [figures[name] for name in ("People by cookie", "Visitor-days by address")] == ["1", "1"]
    assert [one.value for one in shown.metric if one.label == "Visits"] == ["3", "3"]
    assert figures["Today (DAU)"] == "1"
    assert figures["Succeeded"] == "0.0%"
    assert figures["Half within"] == "2.50 s"
    jobs = "Today 0 succeeded, 1 failed; last 7 days 0 succeeded, 1 failed; ever 0 succeeded, 1 failed."
    assert jobs in texts(shown)
    raw = admin_page(admin_tab="Analytics", analytics_part="Visits and jobs")
    assert list(raw.dataframe[0].value["Path"]) == ["/a", "/", "/"]
    assert list(raw.dataframe[1].value["Error"]) == ["<img src=x>"]


def draw_cleanup() -> None:
    from user_stats.ui.admin.raw import draw_question

    draw_question()


def test_old_visits_go_after_their_number_was_said(sign_in: SignIn) -> None:
    sign_in("grace")
    audience = get_audience()
    for day in ("2020-01-01", "2020-01-02"):
        audience.record_visits([audience.visit(visited_at=day)])
    shown = AppTest.from_function(draw_cleanup).run()
    assert "2 visits and jobs are older" in shown.warning[0].value
    shown.button(key="cleanup_confirm").click().run()
    assert audience.newest_visits() == []


def test_an_instance_is_dropped(admin_page: AdminPage) -> None:
    from user_stats.audience import Report

    get_audience().take_report(Report("north-1", 500))
    shown = admin_page(admin_tab="Analytics", analytics_part="Audience")
    assert "unverified" in texts(shown)
    shown.button(key="drop_north-1").click().run()
    assert get_audience().instances() == []


def test_a_key_is_made_shown_once_and_listed(admin_page: AdminPage) -> None:
    shown = admin_page(admin_tab="Analytics", analytics_part="API keys")
    shown.text_input(key="keys_name").set_value("my program")
    next(one for one in shown.button if one.label == on_primary("Make a key")).click().run()
    key = shown.code[0].value
    assert get_accounts().check_key(key, "read")
    assert not shown.run().code
    assert "my program" in texts(shown)
    assert key not in texts(shown)


def test_the_audit_log_names_who_did_what(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    grace = manager.find_user("grace")
    assert grace is not None
    manager.update_user(ada, role=UserRole.PREMIUM, actor=grace.user_id)
    shown = admin_page(admin_tab="Analytics", analytics_part="Audit log")
    table = shown.dataframe[0].value
    row = table[table["What"] == "account changed"].iloc[0]
    assert (row["By"], row["Whom"]) == ("grace", "ada")


def test_tables_go_out_for_admins_alone_and_are_noted(manager: UserManager, ada: str) -> None:
    grace = manager.find_user("grace")
    assert grace is not None
    manager.record_watch_activity(ada, "intro", 60)
    for table in downloads.TABLES:
        assert json.loads(downloads.make_table(table, "json", grace.user_id)) or table.name == "audience"
        with pytest.raises(Forbidden):
            downloads.make_table(table, "csv", ada)
    assert b"ada@example.org" in downloads.make_site("json", grace.user_id)
    with pytest.raises(Forbidden):
        downloads.make_site("csv", ada)
    assert [entry.kind for entry in get_accounts().audit_entries(actor=None)].count("exported") == 5


def test_files_too_large_for_memory_are_not_made_on_the_page(
    manager: UserManager, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = manager.find_user("grace")
    assert grace is not None
    monkeypatch.setattr(downloads, "MOST_BYTES", 200)
    with pytest.raises(TooLarge, match="user_stats export"):
        downloads.make_site("csv", grace.user_id)
    with pytest.raises(TooLarge, match="user_stats export"):
        downloads.make_table(downloads.TABLES[0], "json", grace.user_id)


def test_the_buttons_of_all_downloads_are_there(admin_page: AdminPage) -> None:
    shown = admin_page(admin_tab="Analytics", analytics_part="Downloads")
    assert len(shown.get("download_button")) == 10


def test_backups_are_taken_listed_and_told_when_they_fail(
    admin_page: AdminPage, manager: UserManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = admin_page(admin_tab="Analytics", analytics_part="Backups")
    assert "No backup of this site was ever proven" in texts(shown)
    assert "BACKUP_DIR" in texts(shown)
    monkeypatch.setattr(bootstrap.config, "BACKUP_DIR", tmp_path / "backups")
    shown.run().button(key="backup_now").click().run()
    assert len(shown.dataframe[0].value) == 1
    assert "was proven on" in texts(shown.run())
    assert get_statistics().platform_catalogue()["backup_status"]["value"] == "ok"
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(bootstrap.config, "BACKUP_DIR", tmp_path / "file")
    shown.button(key="backup_now").click().run()
    assert "attempt failed" in texts(shown.run())


# -- the catalogue ----------------------------------------------------------------------------------------------------


def site_figures(admin_page: AdminPage) -> AppTest:
    """The tab once its figures are ready; each run waits a moment for them."""
    shown = admin_page(admin_tab="Possible Stats")
    for _ in range(60):
        if "As of" in texts(shown):
            break
        shown.run()
    return shown


def test_the_catalogue_is_live_in_nine_groups(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "intro", 1800)
    shown = site_figures(admin_page)
    text = texts(shown)
    assert sum(f"{number} · " in text for number in range(1, 54)) == 53
    assert "As of" in text
    assert "30 min" in text
    assert any("create_playlist" in one.value for one in shown.code)
    shown.text_input(key="figures_site_text").set_value("login streak").run()
    assert "40 · Login streak" in texts(shown)
    assert "1 · Peak" not in texts(shown)


def test_the_catalogue_of_one_person_and_one_item(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "intro", 1800)
    shown = admin_page(admin_tab="Possible Stats", figures_scope="One person")
    assert "Whose figures" in texts(shown)
    shown.text_input(key="figures_person").set_value("nobody").run()
    assert "Nobody has this name" in texts(shown)
    shown.text_input(key="figures_person").set_value("ada").run()
    assert "2 · Average watch duration" in texts(shown)
    item = admin_page(admin_tab="Possible Stats", figures_scope="One item", figures_item="intro")
    assert "4 · Rewatch count" in texts(item)


def test_figures_are_shown_with_their_unit_and_go_out_harmless() -> None:
    assert shown_value(21, "hour of day") == "21:00"
    assert [shown_value(seconds, "s") for seconds in (45.6, 1234.56)] == ["45.6 s", "20 min 35 s"]
    assert (shown_value(1, "days"), shown_value(2, "days"), shown_value(1, "1–5")) == ("1 day", "2 days", "1 of 5")
    assert shown_value(3, "count") == "3"
    assert shown_value(3.8, "1–5") == "3.8 of 5"
    assert shown_value(5.0, "days") == "5 days"
    assert shown_value({"720p": 65.1, "1080p": 34.9}, "%") == "720p 65.1, 1080p 34.9 %"
    assert "![" not in shown_value([HOSTILE, "b", "c", "d", "e"], "list")
    assert shown_value([HOSTILE, "b", "c", "d", "e"], "list").endswith("and 1 more")
    row = {"number": 1, "group": "g", "name": "n", "value": ["=1+1"], "unit": "list", "events": 1}
    rest = {"is_estimate": False, "missing": None, "definition": "=d", "needs": "c", "detail": {}}
    assert "'=d" in catalogue_file({"key": {**row, **rest}}, "csv").decode()


# -- hostile text -----------------------------------------------------------------------------------------------------


def test_names_of_pages_jobs_and_instances_are_inert(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    get_accounts().add_key(HOSTILE, "read", actor=None)
    assert "![x](" not in texts(admin_page(admin_tab="Analytics", analytics_part="API keys"))
    manager.record_watch_activity(ada, "intro", 60, title=HOSTILE, category=HOSTILE)
    person = admin_page(admin_tab="Possible Stats", figures_scope="One person", figures_person="ada")
    for shown in (site_figures(admin_page), person):
        assert "evil" in texts(shown)
        assert "![x](" not in texts(shown)


def test_who_comes_back_how_far_they_are_and_the_last_week(
    manager: UserManager, admin_page: AdminPage, ada: str
) -> None:
    manager.record_watch_activity(ada, "intro", 3600)
    shown = admin_page(admin_tab="Analytics", analytics_part="Retention")
    assert not shown.exception
    assert "How many of a month's newcomers come back" in texts(shown)
    assert "How far are people?" in texts(shown)
    shown = admin_page(admin_tab="Analytics", analytics_part="Last week")
    assert not shown.exception
    assert "What happened in week" in texts(shown)
    assert {"Active people", "Watches", "Hours watched"} <= {metric.label for metric in shown.metric}


def test_what_stands_beside_a_figure_is_told_in_words() -> None:
    assert told_beside({"best": 9, "first": "2026-03-01"}, "days") == " Beside it: best 9 days."
    assert told_beside({"median": 90.0, "seconds": 5}, "s") == " Beside it: median 1 min 30 s."
    assert told_beside({"tied": ["Monday", "Friday"]}, "day") == " Beside it: tied Monday, Friday."
    assert told_beside({"tied": ["Monday"], "click_rate": None}, "day") == ""
    rows = [{"title": HOSTILE, "content_id": "a"}, {"title": None, "content_id": "b"}]
    assert "![" not in told_beside({"by_viewers": rows}, "top 10")
    assert told_beside({"by_viewers": rows[1:]}, "top 10") == " Beside it: by viewers b."


def test_a_small_chart_is_drawn_where_it_helps() -> None:
    assert small_chart({"weeks": [0, 2, 1]}) == [("1", 0), ("2", 2), ("3", 1)]
    assert small_chart({"minutes": dict.fromkeys("abc", 1)}) == [("a", 1), ("b", 1), ("c", 1)]
    assert small_chart({"shares": [{"category": one, "share": 30} for one in "abc"]})[2] == ("c", 30)
    assert small_chart({"minutes_by_hour": [1] * 24})[0] == ("0", 1)
    for detail in ({}, {"weeks": [0, 0, 0]}, {"people": {"a": 1}}, {"people": 3}, {"seconds": {"720p": 9}}):
        assert small_chart(detail) == []


def test_the_audit_log_shows_that_it_was_tampered_with(admin_page: AdminPage, manager: UserManager, ada: str) -> None:
    get_accounts().note("exported", actor=ada)
    shown = admin_page(admin_tab="Analytics", analytics_part="Audit log").button(key="audit_check").click().run()
    assert shown.success[0].value.startswith("The log is whole")
    month = next(iter(manager.storage.log_keys(AUDIT)))
    manager.storage.transaction(lambda tx: tx.clear(AUDIT, month))
    get_accounts().note("exported", actor=ada)
    shown = admin_page(admin_tab="Analytics", analytics_part="Audit log").button(key="audit_check").click().run()
    assert "changed the log by hand" in shown.error[0].value


def test_bars_are_as_high_as_their_amounts() -> None:
    picture = bars_svg([0, 2, 1])
    assert 'viewBox="0 0 3 1"' in picture
    assert picture.count("<rect") == 2
    assert '<rect x="1" y="0" width="0.8" height="1"/>' in picture
    assert '<rect x="2" y="0.5" width="0.8" height="0.5"/>' in picture
