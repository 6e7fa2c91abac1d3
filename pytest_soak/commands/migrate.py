"""`pytest-soak config migrate`: legacy files become profiles, and are kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from pytest_soak.config.legacy import Migration, plan_migration
from pytest_soak.config.names import shown_path
from pytest_soak.config.profiles import profile_shelf
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.storage.files import write_text, writing
from pytest_soak.storage.links import plain
from pytest_soak.storage.lock import locked
from pytest_soak.system import sync_folder


def migrate(
    root: Path, folder: Path, say: Callable[[str], None], *, dry: bool
) -> list[SoakUsageError]:
    """Migrate the legacy files in `root` to the profiles in `folder`, and say what is done.

    `dry` says the same and changes nothing. Returns the errors of the broken files, which stay in
    place; raises ArtifactError when a session holds the root or something cannot be written.
    """
    with nullcontext() if dry or not root.is_dir() else locked(root):
        plans, errors = plan_migration(root, profile_shelf(folder))
        for plan in plans:
            plain(root, plan.file)
            plain(root, plan.backup)
        for plan in plans:
            if not dry:
                _carry_out(plan)
            say(_told(plan, root, folder))
    if not plans and not errors:
        say(f"nothing to migrate in {root}")
    return errors


def _carry_out(plan: Migration) -> None:
    if plan.profile is not None and not plan.taken:
        write_text(plan.profile, plan.text, durable=True)
        with writing(plan.profile):
            sync_folder(plan.profile.parent)
    with writing(plan.backup):
        plan.backup.parent.mkdir(exist_ok=True)
        plan.file.rename(plan.backup)
        sync_folder(plan.backup.parent)


def _told(plan: Migration, root: Path, folder: Path) -> str:
    kept = f"{plan.file.name}: kept as {shown_path(plan.backup, root)}"
    if plan.profile is None:
        return kept
    profile = shown_path(plan.profile, folder)
    if plan.taken:
        return f"{kept}; no profile made of it, {profile} is there already"
    told = f"{kept}; is now {profile}, which goes before the shipped profile of that name"
    if plan.completed:
        told += f"; it lacked {', '.join(plan.completed)}, taken from there"
    if plan.left_out:
        told += one_line(f"; left out, as text: {', '.join(plan.left_out)}")
    return told
