# SPDX-License-Identifier: GPL-3.0-or-later
"""The store, and the tree that lives in it."""

import shutil
from pathlib import Path

import pytest
from memory_store import MemoryStore
from mesospark_marathon.model import paths
from mesospark_marathon.model.root import remove_group
from mesospark_marathon.store import Store, StoreError
from mesospark_marathon.store.sqlite import SqliteStore
from mesospark_marathon.tree import Tree
from world import World


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "store"))


def test_documents_come_back_by_kind(store: Store) -> None:
    store.put("a", "2", {"x": [1, None]})
    store.put("a", "1", "text")
    store.put("b", "1", 5)
    store.commit()
    assert dict(store.load("a")) == {"1": "text", "2": {"x": [1, None]}}
    assert list(store.load("a")) == ["1", "2"]
    store.delete("a", "1")
    store.delete("a", "never there")
    store.commit()
    assert list(store.load("a")) == ["2"]


def test_nothing_is_written_before_a_commit(store: Store) -> None:
    store.put("a", "1", 1)
    assert dict(store.load("a")) == {}
    store.delete("a", "1")
    store.commit()
    assert dict(store.load("a")) == {}


def test_a_file_survives_a_process_that_was_killed(tmp_path: Path) -> None:
    path = str(tmp_path / "store")
    first = SqliteStore(path)
    first.put("a", "1", "kept")
    first.commit()
    first.put("a", "2", "lost")
    # What a killed process leaves on the disk is what lies there now.
    shutil.copytree(tmp_path, tmp_path / "left")
    assert dict(SqliteStore(str(tmp_path / "left/store")).load("a")) == {"1": "kept"}


def test_two_servers_do_not_share_a_store(tmp_path: Path) -> None:
    first = SqliteStore(str(tmp_path / "store"))
    first.put("a", "1", 1)
    first.commit()
    with pytest.raises(StoreError, match="no other runs"):
        SqliteStore(str(tmp_path / "store"))
    first.close()


def test_a_file_is_private(tmp_path: Path) -> None:
    SqliteStore(str(tmp_path / "store"))
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["missing/store", "."])
def test_a_file_that_can_not_be_used(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="--store"):
        SqliteStore(str(tmp_path / name))


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("something else entirely, and long enough to be looked at" * 50)
    with pytest.raises(StoreError):
        SqliteStore(str(tmp_path / "store"))


def test_the_tree_comes_back_with_its_history(store: Store) -> None:
    world = World(store)
    world.create("/group/app", instances=0)
    world.create("/other", instances=0)
    world.change("/other", cpus=2)
    world.groups.update(paths.ROOT, lambda root, version: remove_group(root, "/group", version))
    store.commit()
    again = Tree(store, "unused")
    assert again.current.version == world.tree.current.version
    assert again.current.apps == world.tree.current.apps
    assert again.current.groups == world.tree.current.groups
    assert again.app_versions == world.tree.app_versions
    assert list(again.history)[-4:] == list(world.tree.history)[-4:]
    for version, root in list(world.tree.history.items())[-4:]:
        assert again.history[version].apps == root.apps
        assert again.history[version].groups == root.groups


def test_old_versions_are_forgotten(store: Store) -> None:
    world = World(store)
    world.create("/app", instances=0)
    for number in range(60):
        world.change("/app", env={"N": str(number)})
    world.delete("/app")
    for number in range(60):
        world.create(f"/run-{number}", instances=0)
        world.delete(f"/run-{number}")
    assert len(world.tree.history) <= 50
    assert "/app" not in world.tree.app_versions
    assert len(world.tree.app_versions) <= 50
    store.commit()
    assert len(store.load("app_version")) == sum(len(entry) for entry in world.tree.app_versions.values())
    assert len(Tree(store, "unused").history) <= 51
