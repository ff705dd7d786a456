"""What happens to files that others have written, changed or broken."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import judge

from user_stats.errors import InvalidInput, StorageCorrupt, StorageError
from user_stats.storage import Collection, Log, open_storage

PEOPLE = Collection("people", width=256, unique={"name": str.casefold}, fields=("name",))
DIARY = Log("diary", order=lambda entry: entry["at"])
SEVERAL = {f"k{number}": {"name": f"n{number}", "note": "ä" * number} for number in range(8)}
ENTRIES = [{"at": number, "text": "x" * number} for number in range(8)]


def filled(folder: Path) -> None:
    storage = open_storage(str(folder))

    def work(tx: object) -> None:
        for key, record in SEVERAL.items():
            tx.put(PEOPLE, key, record)  # type: ignore[attr-defined]
        for entry in ENTRIES:
            tx.append(DIARY, "a", entry)  # type: ignore[attr-defined]

    storage.transaction(work)
    storage.close()


# -- files of others ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layout",
    [
        lambda content: json.dumps(content),
        lambda content: json.dumps(content, indent=4),
        lambda content: json.dumps(content, indent=2, sort_keys=True),
        lambda content: json.dumps(content, separators=(",", ":"), ensure_ascii=False),
        lambda content: json.dumps(content, indent=1).replace("\n", "\r\n"),
        lambda content: "\n\n  " + json.dumps(content) + "\n\n\n",
    ],
)
def test_files_in_any_layout_are_read_and_written(tmp_path: Path, layout: Callable[[object], str]) -> None:
    (tmp_path / "diary").mkdir()
    (tmp_path / "people.json").write_text(layout(SEVERAL), newline="")
    (tmp_path / "diary" / "a_diary.json").write_text(layout(ENTRIES[::-1]), newline="")
    storage = open_storage(str(tmp_path))
    assert dict(storage.scan(PEOPLE)) == SEVERAL
    assert storage.get(PEOPLE, "k3") == SEVERAL["k3"]
    assert storage.find(PEOPLE, "name", "N4") == "k4"
    assert len(storage.read_log(DIARY, "a", 3)) == 3
    storage.transaction(lambda tx: tx.put(PEOPLE, "k3", {**SEVERAL["k3"], "unknown": {"kept": [1]}}))
    storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 99}))
    assert [entry["at"] for entry in storage.read_log(DIARY, "a")] == [*range(8), 99]
    written = json.loads((tmp_path / "people.json").read_text())
    assert written == {**SEVERAL, "k3": {**SEVERAL["k3"], "unknown": {"kept": [1]}}}


def jq(path: Path, program: str) -> None:
    if shutil.which("jq") is None and not os.environ.get("CI"):
        pytest.skip("jq is not installed")
    changed = subprocess.run(["jq", program, str(path)], check=True, capture_output=True).stdout
    temporary = path.with_suffix(".jq")
    temporary.write_bytes(changed)
    temporary.rename(path)


def sed(path: Path, program: str) -> None:
    subprocess.run(["sed", "-i", program, str(path)], check=True)


def in_place(path: Path, change: Callable[[dict[str, dict[str, object]]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=3))


@pytest.mark.parametrize(
    "edit",
    [
        lambda path: jq(path, '.k3.name = "edited"'),
        lambda path: sed(path, 's/"n3"/"edited"/'),
        lambda path: in_place(path, lambda content: content["k3"].update(name="edited")),
        lambda path: in_place(
            path, lambda content: (content["k3"].update(name="edited"), content.update(k3=content.pop("k3")))
        ),
    ],
)
def test_an_edit_while_the_store_is_open_counts(tmp_path: Path, edit: Callable[[Path], None]) -> None:
    filled(tmp_path)
    storage = open_storage(str(tmp_path))
    assert storage.get(PEOPLE, "k3")["name"] == "n3"
    edit(tmp_path / "people.json")
    assert storage.get(PEOPLE, "k3")["name"] == "edited"
    storage.transaction(lambda tx: tx.put(PEOPLE, "k5", {"name": "mine"}))
    assert storage.get(PEOPLE, "k3")["name"] == "edited"
    assert storage.find(PEOPLE, "name", "edited") == "k3"
    assert json.loads((tmp_path / "people.json").read_text())["k5"] == {"name": "mine"}
    assert storage.count(PEOPLE) == 8


def test_an_edited_list_counts(tmp_path: Path) -> None:
    filled(tmp_path)
    storage = open_storage(str(tmp_path))
    storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 10}))
    jq(tmp_path / "diary" / "a_diary.json", "map(select(.at != 3))")
    storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 11}))
    assert [entry["at"] for entry in storage.read_log(DIARY, "a")] == [0, 1, 2, 4, 5, 6, 7, 10, 11]


def test_a_removed_file_is_an_empty_one(tmp_path: Path) -> None:
    filled(tmp_path)
    storage = open_storage(str(tmp_path))
    assert storage.count(PEOPLE) == 8
    (tmp_path / "people.json").unlink()
    assert storage.get(PEOPLE, "k1") is None
    assert storage.count(PEOPLE) == 0
    storage.transaction(lambda tx: tx.put(PEOPLE, "k1", {"name": "new"}))
    assert dict(storage.scan(PEOPLE)) == {"k1": {"name": "new"}}


# -- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "",
        " ",
        "{",
        '{"k1": {"name": "x"}} garbage',
        "[]",
        "3",
        '{"k1": 3}',
        '{"k1": [1]}',
        "\ufeff{}",
        '{"k1": {"a": }}',
    ],
)
def test_a_broken_file_is_named_and_never_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(content)
    storage = open_storage(str(tmp_path))
    with pytest.raises(StorageCorrupt, match=r"people\.json"):
        storage.get(PEOPLE, "k1")
    with pytest.raises(StorageCorrupt):
        storage.transaction(lambda tx: tx.put(PEOPLE, "k1", {"name": "ada"}))
    assert path.read_text() == content
    assert [damage.place for damage in storage.find_damage([PEOPLE], [DIARY])] == ["people.json"]


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"at": 1}', "[1]", "[[]]", '[{"at": 1},]'])
def test_a_broken_list_is_named_and_never_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "diary").mkdir()
    path = tmp_path / "diary" / "a_diary.json"
    path.write_text(content)
    storage = open_storage(str(tmp_path))
    for attempt in (
        lambda: storage.read_log(DIARY, "a"),
        lambda: storage.read_log(DIARY, "a", 1),
        lambda: storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 2})),
    ):
        with pytest.raises(StorageCorrupt, match=r"a_diary\.json"):
            attempt()
    assert path.read_text() == content
    storage.transaction(lambda tx: tx.append(DIARY, "b", {"at": 1}))  # others are served


def mutants(data: bytes, count: int, chance: random.Random) -> list[bytes]:
    made = []
    for _ in range(count):
        at = chance.randrange(len(data))
        if chance.random() < 0.3:
            made.append(data[:at])
        else:
            made.append(data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :])
    return made


def parsed(data: bytes) -> object:
    """None for what is no JSON, and for an object in which a key stands twice."""
    try:
        pairs = json.loads(data, object_pairs_hook=lambda pairs: pairs)
        found = json.loads(data)
    except (ValueError, UnicodeDecodeError):
        return None
    return found if len(found) == len(pairs) else None


def mutate_everything(folder: Path, count: int) -> None:
    """Whatever byte is wrong: valid JSON is read as it stands, anything else is named; and `mend_damage` keeps what can
    be read and the original."""
    filled(folder)
    chance = random.Random(5)
    for name in ("people.json", "diary/a_diary.json"):
        path = folder / name
        good = path.read_bytes()
        for mutant in mutants(good, count, chance):
            path.write_bytes(mutant)
            found = parsed(mutant)
            storage = open_storage(str(folder))
            damage = storage.find_damage([PEOPLE], [DIARY])
            is_object = name == "people.json"
            records = list(found.values()) if isinstance(found, dict) else found
            right = isinstance(found, dict if is_object else list) and all(isinstance(one, dict) for one in records)
            assert bool(damage) == (not right), mutant
            if right:
                read = dict(storage.scan(PEOPLE)) if is_object else storage.read_log(DIARY, "a")
                assert read == found
            else:
                assert damage[0].place == name
                mended = storage.mend_damage([PEOPLE], [DIARY])
                left = [one for one in storage.find_damage([PEOPLE], [DIARY]) if one.mendable]
                assert left == []
                if mended[0].mendable:
                    kept = [one for one in (folder / "damaged").iterdir() if one.read_bytes() == mutant]
                    assert kept
                    for one in kept:
                        one.unlink()
                else:
                    assert path.read_bytes() == mutant
            storage.close()
        path.write_bytes(good)


def test_a_wrong_byte_or_a_cut_is_named_and_mended_without_guessing(tmp_path: Path) -> None:
    mutate_everything(tmp_path, 60)


@pytest.mark.soak
def test_two_thousand_wrong_bytes_are_named(tmp_path: Path) -> None:
    mutate_everything(tmp_path, 2000)


def test_other_people_are_served_when_one_line_is_damaged(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "people.json"
    path.write_bytes(path.read_bytes().replace(b'"k3":{', b'"k3";{'))
    storage = open_storage(str(tmp_path))
    assert storage.get(PEOPLE, "k4") == SEVERAL["k4"]
    with pytest.raises(StorageCorrupt, match="line 5"):
        storage.get(PEOPLE, "k3")
    storage.transaction(lambda tx: tx.put(PEOPLE, "k4", {"name": "still written"}))
    assert storage.get(PEOPLE, "k4") == {"name": "still written"}
    storage.mend_damage([PEOPLE], [])
    assert storage.count(PEOPLE) == 7
    assert json.loads(path.read_text()).keys() == SEVERAL.keys() - {"k3"}


def test_a_key_that_no_json_may_hold_is_left_out(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "people.json"
    path.write_bytes(path.read_bytes().replace(b'"k3":{', b'"k\x11":{'))
    storage = open_storage(str(tmp_path))
    storage.mend_damage([PEOPLE], [])
    assert storage.find_damage([PEOPLE], []) == []
    assert json.loads(path.read_text()).keys() == SEVERAL.keys() - {"k3"}


# -- modes and foreign things ---------------------------------------------------------------------------------------

WRITE_UNDER_UMASK = """
import os, sys
os.umask(int(sys.argv[2], 8))
sys.path.insert(0, sys.argv[3])
from harness import step
from user_stats.storage import open_storage
storage = open_storage(sys.argv[1])
for _ in range(20):
    step(storage)
"""


@pytest.mark.parametrize("umask", ["000", "077", "777"])
def test_files_are_private_whatever_the_umask(tmp_path: Path, umask: str) -> None:
    folder = tmp_path / "deep" / "store"
    words = [sys.executable, "-c", WRITE_UNDER_UMASK, str(folder), umask, str(Path(__file__).parent)]
    subprocess.run(words, check=True, cwd=Path(__file__).parents[2])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    judge(open_storage(str(folder)))


def test_a_folder_that_was_there_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o755)
    open_storage(str(folder)).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("plant", ["link", "fifo", "folder"])
def test_what_is_no_plain_file_is_refused_without_blocking(tmp_path: Path, plant: str) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    folder = tmp_path / "store"
    (folder / "diary").mkdir(parents=True)
    for path in (folder / "people.json", folder / "diary" / "a_diary.json"):
        if plant == "link":
            path.symlink_to(outside)
        elif plant == "fifo":
            os.mkfifo(path)
        else:
            path.mkdir()
    storage = open_storage(str(folder))
    with pytest.raises(StorageError):
        storage.transaction(lambda tx: tx.put(PEOPLE, "k1", {"name": "ada"}))
    with pytest.raises(StorageError):
        storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 1}))
    assert outside.read_text() == "{}"


def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    filled(tmp_path)
    code = (
        "import os, sys\n"
        "from user_stats.errors import StorageReadOnly\n"
        "from user_stats.storage import Collection, open_storage\n"
        "import user_stats.storage.json_files.engine\n"
        "os.seteuid(65534)\n"
        "people = Collection('people', width=256, unique={'name': str.casefold})\n"
        "storage = open_storage(sys.argv[1])\n"
        "print(storage.get(people, 'k1')['name'], storage.find(people, 'name', 'n2'))\n"
        "try: storage.transaction(lambda tx: tx.put(people, 'k9', {'name': 'x'}))\n"
        "except StorageReadOnly: print('read only')\n"
    )
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    folder = Path("/tmp") / f"user_stats_read_only_{os.getpid()}"
    subprocess.run(["cp", "-r", str(tmp_path), str(folder)], check=True)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    try:
        answer = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    finally:
        subprocess.run(["rm", "-r", str(folder)], check=True)
    assert answer.stdout.split("\n")[:2] == ["n1 k2", "read only"], answer.stderr


def test_a_short_read_of_a_hand_written_list_gives_the_newest_all_the_same(tmp_path: Path) -> None:
    """Newest first, in the very layout of ours but for the mark."""
    (tmp_path / "diary").mkdir()
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in ENTRIES[::-1])
    (tmp_path / "diary" / "a_diary.json").write_text(f"[\n{lines}\n]\n")
    storage = open_storage(str(tmp_path))
    assert storage.read_log(DIARY, "a", 1) == ENTRIES[-1:]
    assert storage.read_log(DIARY, "a", 3) == ENTRIES[-3:]
    storage.transaction(lambda tx: tx.append(DIARY, "a", {"at": 99, "text": ""}))
    assert [entry["at"] for entry in storage.read_log(DIARY, "a", 2)] == [7, 99]
    assert [entry["at"] for entry in json.loads((tmp_path / "diary" / "a_diary.json").read_text())] == [*range(8), 99]


def test_records_over_several_lines_are_no_damage_and_not_taken_apart(tmp_path: Path) -> None:
    nested = {
        key: {**record, "prefs": {"name": "inner", "colours": {"k1": {"red": 1}}}} for key, record in SEVERAL.items()
    }
    for indent in (None, 0, 1, 2, 4):
        text = json.dumps(nested, indent=indent)
        (tmp_path / "people.json").write_text(text)
        storage = open_storage(str(tmp_path))
        assert storage.find_damage([PEOPLE], [DIARY]) == []
        assert storage.mend_damage([PEOPLE], [DIARY]) == []
        assert (tmp_path / "people.json").read_text() == text
        storage.close()


def test_a_key_that_stands_twice_is_damage_in_any_layout(tmp_path: Path) -> None:
    for text in ('{"k1":{"a":1},"k1":{"a":2}}', '{\n  "k1": {"a": {"b": 1}},\n  "k1": {"a": 2}\n}'):
        (tmp_path / "people.json").write_text(text)
        assert "twice" in open_storage(str(tmp_path)).find_damage([PEOPLE], [])[0].problem


def test_a_list_where_an_object_belongs_is_left_as_it_is(tmp_path: Path) -> None:
    text = "[\n" + ",\n".join(json.dumps({"id": key, **record}) for key, record in SEVERAL.items()) + "\n]\n"
    (tmp_path / "people.json").write_text(text)
    storage = open_storage(str(tmp_path))
    assert [damage.mendable for damage in storage.find_damage([PEOPLE], [DIARY])] == [False]
    assert [damage.mendable for damage in storage.mend_damage([PEOPLE], [DIARY])] == [False]
    assert (tmp_path / "people.json").read_text() == text


def test_a_record_of_any_size_that_another_program_wrote_can_be_lived_with(tmp_path: Path) -> None:
    long = {**SEVERAL, "k1": {"name": "n1", "note": "y" * 300_000}}
    (tmp_path / "people.json").write_text(json.dumps(long))
    storage = open_storage(str(tmp_path))
    storage.transaction(lambda tx: tx.put(PEOPLE, "k2", {"name": "other"}))
    assert dict(open_storage(str(tmp_path)).scan(PEOPLE)) == {**long, "k2": {"name": "other"}}
    with pytest.raises(InvalidInput, match="at most"):
        storage.transaction(lambda tx: tx.put(PEOPLE, "k3", {"name": "n3", "note": "y" * (5 << 20)}))


@pytest.mark.parametrize("key", ['q"r', "tab\tx", "a\\b", "é", ""])
def test_a_key_that_no_line_can_hold_is_named_and_the_file_stays(tmp_path: Path, key: str) -> None:
    text = json.dumps({key: {"name": "odd"}, **SEVERAL})
    (tmp_path / "people.json").write_text(text)
    storage = open_storage(str(tmp_path))
    assert storage.get(PEOPLE, "k3") == SEVERAL["k3"]
    with pytest.raises(StorageCorrupt, match=r"people\.json"):
        storage.transaction(lambda tx: tx.put(PEOPLE, "k2", {"name": "other"}))
    assert (tmp_path / "people.json").read_text() == text


@pytest.mark.parametrize("value", [None, [1], 5, "text"])
def test_a_member_that_is_no_record_is_named_when_another_is_written(tmp_path: Path, value: object) -> None:
    text = json.dumps({**SEVERAL, "odd": value})
    (tmp_path / "people.json").write_text(text)
    with pytest.raises(StorageCorrupt, match="odd"):
        open_storage(str(tmp_path)).transaction(lambda tx: tx.put(PEOPLE, "k2", {"name": "other"}))
    assert (tmp_path / "people.json").read_text() == text


def test_an_edit_in_place_of_the_same_length_counts(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(SEVERAL, indent=2))
    storage = open_storage(str(tmp_path))
    assert storage.get(PEOPLE, "k3") == SEVERAL["k3"]
    path.write_text(path.read_text().replace('"n3"', '"m3"'))
    assert storage.get(PEOPLE, "k3") == {**SEVERAL["k3"], "name": "m3"}
    storage.transaction(lambda tx: tx.put(PEOPLE, "k1", {"name": "other"}))
    assert json.loads(path.read_text())["k3"]["name"] == "m3"
