"""What there is to watch on the made-up site: series, single videos, live shows and pictures, from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

CATEGORIES: dict[str, tuple[str, ...]] = {
    "Documentary": ("nature", "history", "city", "ocean"),
    "Comedy": ("stand-up", "sketch", "satire"),
    "Music": ("concert", "jazz", "electronic", "acoustic"),
    "Cooking": ("baking", "street food", "vegetarian"),
    "Travel": ("islands", "trains", "mountains", "cycling"),
    "Science": ("space", "physics", "biology", "maths"),
    "Sports": ("football", "climbing", "running"),
    "Gaming": ("speedrun", "indie", "strategy"),
    "Drama": ("crime", "family", "mystery"),
    "Crafts": ("wood", "ceramics", "repair"),
}
"""Each with its tags."""
FIRST_WORDS = (
    *("Quiet", "Northern", "Paper", "Golden", "Hidden", "Second", "Midnight", "Wild", "Slow", "Open", "Electric"),
    *("Winter", "Distant", "Small", "Borrowed", "Blue", "Last", "Early", "Copper", "Salt"),
)
SECOND_WORDS = (
    *("Harbour", "Garden", "Signal", "Kitchen", "Orchard", "Station", "River", "Workshop", "Atlas", "Lantern"),
    *("Meadow", "Machine", "Island", "Letters", "Bridge", "Chorus", "Summit", "Archive", "Market", "Tide"),
)
CREATORS = (
    *("Studio Alder", "Blue Door Films", "Kite & Co", "Marta Films", "Ninth Street", "Open Water", "Pixel Barn"),
    *("Radio Kestrel", "Small Hours", "Tall Pines"),
)
EPISODE_MINUTES = (22, 26, 34, 44, 48, 52)
VIDEO_MINUTES = (3, 5, 8, 12, 15, 18, 24, 35, 60, 95, 110)
SERIES_PER_CATEGORY, VIDEOS_PER_CATEGORY, PICTURES_PER_CATEGORY = 3, 18, 8
SHOWS = 14


@dataclass(frozen=True)
class Content:
    """One thing to watch; a picture has no length."""

    content_id: str
    title: str
    content_type: str
    category: str
    creator: str
    length_seconds: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Show:
    """A live show, every week on one day at one hour (UTC)."""

    name: str
    title: str
    category: str
    creator: str
    weekday: int
    hour: int
    length_seconds: int
    tags: tuple[str, ...]

    def broadcast_id(self, day: date) -> str:
        return f"live-{self.name}-{day.isoformat()}"


@dataclass(frozen=True)
class Catalogue:
    """Everything by category; what stands earlier in a list is more popular."""

    series: dict[str, list[list[Content]]]
    videos: dict[str, list[Content]]
    pictures: dict[str, list[Content]]
    shows: Sequence[Show]

    @classmethod
    def from_seed(cls, seed: int) -> Catalogue:
        rng = Random(f"catalogue {seed}")
        names = [f"{first} {second}" for first in FIRST_WORDS for second in SECOND_WORDS]
        rng.shuffle(names)
        return cls(
            {one: [_series(rng, names.pop(), one) for _ in range(SERIES_PER_CATEGORY)] for one in CATEGORIES},
            {one: [_video(rng, names, one, number) for number in range(VIDEOS_PER_CATEGORY)] for one in CATEGORIES},
            {one: [_picture(rng, one, number) for number in range(PICTURES_PER_CATEGORY)] for one in CATEGORIES},
            [_show(rng, names.pop()) for _ in range(SHOWS)],
        )


def slug(text: str) -> str:
    return text.lower().replace(" ", "-")


def _tags(rng: Random, category: str) -> tuple[str, ...]:
    choices = CATEGORIES[category]
    return tuple(rng.sample(choices, rng.randint(1, min(2, len(choices)))))


def _series(rng: Random, name: str, category: str) -> list[Content]:
    creator, minutes, tags = rng.choice(CREATORS), rng.choice(EPISODE_MINUTES), _tags(rng, category)
    return [
        Content(
            f"{slug(name)}-e{number:02}",
            f"{name}, episode {number}",
            "video",
            category,
            creator,
            minutes * 60 + rng.randint(-90, 120),
            tags,
        )
        for number in range(1, rng.randint(8, 24) + 1)
    ]


def _video(rng: Random, names: list[str], category: str, number: int) -> Content:
    name = names.pop()
    length = rng.choice(VIDEO_MINUTES) * 60 + rng.randint(-40, 40)
    content_id = f"{slug(name)}-{number}"
    return Content(content_id, name, "video", category, rng.choice(CREATORS), length, _tags(rng, category))


def _picture(rng: Random, category: str, number: int) -> Content:
    tags = _tags(rng, category)
    title = f"{category} in pictures, no. {number + 1}"
    return Content(f"picture-{slug(category)}-{number + 1}", title, "image", category, rng.choice(CREATORS), 0, tags)


def _show(rng: Random, name: str) -> Show:
    category = rng.choice(list(CATEGORIES))
    weekday, hour = rng.choice((0, 1, 2, 3, 4, 4, 5, 5, 6, 6)), rng.choice((17, 18, 19, 19, 20))
    length = rng.choice((60, 90, 120, 180)) * 60
    creator = rng.choice(CREATORS)
    return Show(slug(name), f"{name} live", category, creator, weekday, hour, length, _tags(rng, category))
