"""Whatever is recorded, undone or erased in whatever order: totals equal their parts, and what was taken in step by
step equals what a fresh look gives."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from clocks import FixedClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from user_stats import StorageCorrupt, UserStatsError
from user_stats.collections import ACTIVITY, ROLLUPS, SHELVES
from user_stats.manager import UserManager
from user_stats.statistics import ledger
from user_stats.statistics.fold import FAMILIES
from user_stats.statistics.service import Statistics
from user_stats.storage import Storage, Transaction, open_storage
from user_stats.watches import Watch

ITEMS = st.sampled_from(["a", "b", "c", "live"])
PERSON = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(
        st.just("watch"), PERSON, ITEMS, st.integers(0, 20_000), st.sampled_from(["video", "stream", "image"]),
        st.sampled_from(["360p", "720p", "1080p", "auto"]), st.booleans(), st.sampled_from([None, "art", "science"]),
        st.integers(0, 40 * 86_400),
    ),
    st.tuples(st.just("interact"), PERSON, ITEMS, st.sampled_from(["like", "comment", "share"])),
    st.tuples(st.just("unlike"), PERSON, ITEMS),
    st.tuples(st.just("rate"), PERSON, ITEMS, st.sampled_from([1, 2.5, 5])),
    st.tuples(st.just("download"), PERSON, ITEMS, st.integers(0, 10**6)),
    st.tuples(st.just("upload"), PERSON, ITEMS, st.integers(0, 10**6)),
    st.tuples(st.just("follow"), PERSON, PERSON),
    st.tuples(st.just("unfollow"), PERSON, PERSON),
    st.tuples(st.just("playlist"), PERSON, st.integers(0, 3)),
    st.tuples(st.just("import"), PERSON, st.integers(1, 20)),
    st.tuples(st.just("undo"), PERSON),
    st.tuples(st.just("erase"), PERSON),
    st.tuples(st.just("look")),
    st.tuples(st.just("roll_up")),
)  # fmt: skip


class Player:
    """Plays steps on a site of four people; a step that the library refuses has changed nothing."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.storage = open_storage("memory:")
        self.manager = UserManager(self.storage, clock=self.clock)
        self.statistics = Statistics(self.storage, clock=self.clock)
        self.people = [self.manager.create_user(f"person{number}", f"p{number}@example.org") for number in range(4)]
        self.imports = 0

    def play(self, name: str, *given: Any) -> None:
        self.clock.advance(minutes=7)
        if name in ("look", "roll_up"):
            getattr(self, name)()
            return
        user_id, *rest = self.people[given[0]], *given[1:]
        try:
            getattr(self, name)(user_id, *rest)
        except UserStatsError:
            pass

    def look(self) -> None:
        self.statistics.platform_catalogue()

    def roll_up(self) -> None:
        """Another process does, and this one begins anew."""
        Statistics(self.storage, clock=self.clock).roll_up()
        self.statistics = Statistics(self.storage, clock=self.clock)

    def watch(
        self, user_id: str, item: str, seconds: int, kind: str, quality: str, done: bool, category: Any, ago: int
    ) -> None:
        from datetime import timedelta

        start = self.clock.now - timedelta(seconds=seconds + ago)
        self.manager.record_watch_activity(
            user_id, item, seconds, kind, quality=quality, completed=done, category=category, watched_at=start
        )

    def interact(self, user_id: str, item: str, kind: str) -> None:
        self.manager.record_interaction(user_id, kind, content_id=item)

    def unlike(self, user_id: str, item: str) -> None:
        self.manager.content.take_back_like(user_id, item)

    def rate(self, user_id: str, item: str, stars: float) -> None:
        self.manager.content.rate(user_id, item, stars)

    def download(self, user_id: str, item: str, size: int) -> None:
        self.manager.content.download(user_id, item, size_bytes=size)

    def upload(self, user_id: str, item: str, size: int) -> None:
        self.manager.record_upload(user_id, "video", content_id=item, size_bytes=size)

    def follow(self, user_id: str, other: int) -> None:
        self.manager.community.follow(user_id, self.people[other])

    def unfollow(self, user_id: str, other: int) -> None:
        self.manager.community.unfollow(user_id, self.people[other])

    def playlist(self, user_id: str, items: int) -> None:
        self.manager.community.create_playlist(user_id, "x", items=["a"] * items)

    def import_(self, user_id: str, count: int) -> None:
        self.imports += 1
        start = self.clock.now.isoformat()
        watches = [
            Watch(
                f"i{number}", 60, watched_at=start.replace("2026", "2025"), digest=f"{self.imports * 100 + number:032x}"
            )
            for number in range(count)
        ]
        self.manager.batches.record(user_id, watches, batch="import", source="test")

    def undo(self, user_id: str) -> None:
        self.manager.batches.remove(user_id, "import")

    def erase(self, user_id: str) -> None:
        self.manager.delete_user(user_id)


setattr(Player, "import", Player.import_)


@given(st.lists(STEPS, max_size=40))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_totals_equal_their_parts_whatever_happened(steps: list[tuple[Any, ...]]) -> None:
    player = Player()
    for step in steps:
        player.play(*step)
    statistics = player.statistics
    site = statistics.platform_catalogue()
    assert player.manager.verify() == []
    _forget_rollups(player.storage)
    fresh = Statistics(player.storage, clock=player.clock)
    assert site == fresh.platform_catalogue()
    for family in FAMILIES:
        assert statistics.ledger.sums(family) == fresh.ledger.sums(family)
    _parts_add_up(statistics, player)


@pytest.fixture(autouse=True, params=[1, 8, 1000], ids=["own records", "both", "shelves"])
def save_everything(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FEWEST_UNSAVED", 1)
    monkeypatch.setattr(ledger, "FEWEST_OWN", request.param)


def _forget_rollups(storage: Storage) -> None:
    def work(tx: Transaction) -> None:
        for log in (ROLLUPS, SHELVES):
            for key in list(storage.log_keys(log)):
                tx.clear(log, key)

    storage.transaction(work)


def _parts_add_up(statistics: Statistics, player: Player) -> None:
    records = statistics.site_records()
    here = [user_id for user_id in player.people if user_id in records.people]
    people = {user_id: statistics.person_catalogue(user_id) for user_id in here}
    stats = [player.manager.get_user_stats(user_id) for user_id in here]
    assert records.total("watches") == sum(one.watch_history_entries for one in stats)
    assert records.total("watches") == sum(row.get("watches", 0) for row in records.contents)
    assert round(sum(one.total_watched_hours for one in stats) * 3600) == records.total("seconds")
    assert sum(records.quarters.values()) == sum(records.quality_seconds().values())
    assert sum(records.category_seconds("other").values()) == records.total("seconds")
    for kind in ("comment", "like", "share"):
        figures = [one[f"{kind}s"]["value"] or 0 for one in people.values()]
        assert sum(figures) == records.day_sum(f"{kind}s") - (
            records.day_sum("likes_taken_back") if kind == "like" else 0
        )
    site = statistics.platform_catalogue()
    for key in ("downloads", "rewatch_count", "following", "playlists_created", "points", "stream_duration"):
        assert (site[key]["value"] or 0) == sum(one[key]["value"] or 0 for one in people.values()), key
    shares = site["favorite_categories"]["detail"].get("shares", ())
    assert not shares or abs(sum(row["share"] for row in shares) - 100) < 1e-6
    for figures in people.values():
        minutes = figures["busiest_hour"]["detail"].get("minutes", ())
        assert sum(minutes) == pytest.approx(sum(figures["busiest_weekday"]["detail"].get("minutes", {}).values()))


def test_what_was_handed_out_stays_as_it_was_while_others_record() -> None:
    player = Player()
    player.play("watch", 0, "a", 600, "video", "720p", True, None, 0)
    records = player.statistics.site_records()
    before = records.total("watches"), records.quarters, copy.deepcopy(records.tallies)
    player.play("watch", 0, "a", 600, "video", "720p", True, None, 0)
    player.play("erase", 1)
    assert player.statistics.site_records().total("watches") == 2
    assert (records.total("watches"), records.quarters, records.tallies) == before


def test_a_damaged_log_is_named_and_the_others_are_there_once_it_is_mended() -> None:
    player = Player()
    for number in range(4):
        player.play("watch", number, "a", 600, "video", "720p", True, None, 0)
    whole = player.storage.read_log(ACTIVITY, player.people[2])
    _replace(player, [{**whole[0], "kind": "watch"}, *whole[1:]])
    with pytest.raises(StorageCorrupt, match=player.people[2]):
        player.statistics.platform_catalogue()
    _replace(player, whole)
    assert player.statistics.platform_catalogue()["most_viewed"]["events"] == 4


def _replace(player: Player, events: list[dict[str, Any]]) -> None:
    def work(tx: Transaction) -> None:
        tx.clear(ACTIVITY, player.people[2])
        for event in events:
            tx.append(ACTIVITY, player.people[2], event)

    player.storage.transaction(work)
