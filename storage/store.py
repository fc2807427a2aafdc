"""The content-addressed store: blobs by SHA-256, artifacts as manifests over blobs.

Publishing writes aside in the same file system, flushes to disk, checks, renames, and flushes the folder; what is
published is read-only. A reader never meets half an artifact, and two writers of the same bytes are harmless.

    <root>/blobs/ab/<sha256>      bytes
    <root>/manifests/ab/<sha256>  an artifact: names -> blobs, plus facts
    <root>/records/<key>          what a step returned for that key (storage.steps.records)
    <root>/champions/<recipe>/    who is the champion, and how that came (storage.champions); its releases must stay
    <root>/runs/<id>/             what a person opens: run.json, report, a link to the exports
    <root>/exports/               those exports, each set of files once (storage.exports)
    <root>/tmp/                   work in progress (storage.workspaces); never read by anyone else
    <root>/store.json             which store it is (storage.identity)
    <root>/.evergreen-store       tells that it is a store

Other folders below the root (locks, indexes, logs, a server's data) are their owners', and may be deleted between runs.
"""

import contextlib
import filecmp
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storage import workspaces
from storage.artifacts import Blob, Manifest, Ref, checked_name
from storage.behind import Behind
from storage.digests import checked_digest, sha256_bytes, sha256_file
from storage.disk import copy, explained, flush
from storage.errors import ArtifactDamaged, ArtifactMissing
from storage.identity import identity_of


class Store:
    """A folder of blobs and manifests, and what is ``behind`` it: where what is not here may be had, if anywhere.

    Constructing one touches no disk; folders appear at the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.behind: Behind | None = None
        # Parsed manifests, trusted while the file's stamp stays: a large one is asked for several times in a run.
        self._manifests: dict[str, tuple[tuple[int, int, int], Manifest]] = {}

    @property
    def identity(self) -> str:
        """Which store this is, 32 hex digits; given to it, and written, where it is asked for the first time.

        Raises:
            ArtifactDamaged, StoreUnwritable: as ``identity_of``.
        """
        return identity_of(self.root)

    # -- reading ---------------------------------------------------------------------------------------------------

    def blob_path(self, sha256: str) -> Path:
        """Return where the blob of that digest lies, or would lie."""
        return self.root / "blobs" / checked_digest(sha256)[:2] / sha256

    def read_blob(self, sha256: str) -> bytes:
        """Return a blob's bytes, checked against its digest on every read.

        Raises:
            ArtifactMissing: there is no such blob.
            ArtifactDamaged: its bytes changed since it was published.
        """
        data = self._present(sha256).read_bytes()
        if sha256_bytes(data) != sha256:
            self.drop_damaged(sha256)
            raise ArtifactDamaged(f"blob {sha256[:12]} in {self.root} was altered after it was published")
        return data

    def checked_blob(self, sha256: str) -> Path:
        """Return a blob's path once its bytes were checked; for what is too large to read into memory.

        Raises:
            ArtifactMissing, ArtifactDamaged: as ``read_blob``.
        """
        path = self._present(sha256)
        if sha256_file(path) != sha256:
            self.drop_damaged(sha256)
            raise ArtifactDamaged(f"blob {sha256[:12]} in {self.root} was altered after it was published")
        return path

    def _present(self, sha256: str) -> Path:
        """Return where a blob lies; one that is not here is brought."""
        path = self.blob_path(sha256)
        if not path.is_file() and not (self.behind and self.behind.bring(sha256)):
            raise ArtifactMissing(f"blob {sha256[:12]} is not in {self.root}")
        return path

    def drop_damaged(self, sha256: str) -> None:
        """Remove a blob whose bytes are wrong, if the store may be written: what needs it is a miss from then on."""
        with contextlib.suppress(OSError):
            self.blob_path(sha256).unlink(missing_ok=True)

    def manifest(self, sha256: str) -> Manifest:
        """Return an artifact's manifest.

        Raises:
            ArtifactMissing: there is no such artifact.
            ArtifactDamaged: the manifest's bytes changed since it was published.
        """
        path = self.manifest_path(sha256)
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_ctime_ns, found.st_size)
            known = self._manifests.get(sha256)
            if known is None or known[0] != stamp:
                known = self._manifests[sha256] = stamp, Manifest.parse(path.read_bytes(), sha256)
        except FileNotFoundError:
            if self.behind and (brought := self.behind.manifest(sha256)):
                self.keep(brought)
                return brought
            raise ArtifactMissing(f"artifact {sha256[:12]} is not in {self.root}") from None
        return known[1]

    def read(self, ref: Ref, name: str) -> bytes:
        """Return the bytes of one file of an artifact, checked.

        Raises:
            ArtifactMissing: the artifact, or that file of it, is not stored.
            ArtifactDamaged: stored bytes changed since they were published.
        """
        files = self.manifest(ref.sha256).files
        if name not in files:
            raise ArtifactMissing(f"{ref.kind} {ref.short} has no file {name!r}; it has {sorted(files)[:10]}")
        return self.read_blob(files[name].sha256)

    def is_whole(self, ref: Ref) -> bool:
        """Whether every file of the artifact is there, or can be brought, with its stated size; reads no blob."""
        try:
            manifest = self.manifest(ref.sha256)
        except (ArtifactMissing, ArtifactDamaged):
            return False
        stated = (manifest.kind, sum(blob.size for blob in manifest.files.values()))
        here = all(self.has_blob(blob) for blob in manifest.files.values())
        to_be_had = here or (self.behind is not None and self.behind.holds(ref.sha256, manifest))
        return stated == (ref.kind, ref.size) and to_be_had

    def damaged(self, ref: Ref) -> list[str]:
        """Return the names of the artifact's files that are missing or altered, reading every byte.

        Raises:
            ArtifactMissing, ArtifactDamaged: the manifest itself is gone or altered.
        """
        paths = {name: self.blob_path(blob.sha256) for name, blob in self.manifest(ref.sha256).files.items()}
        return [name for name, path in paths.items() if not path.is_file() or sha256_file(path) != path.name]

    def artifacts(self) -> Iterator[str]:
        """Yield the digest of every stored artifact, in no particular order."""
        for path in (self.root / "manifests").glob("??/*"):
            yield path.name

    def materialise(self, ref: Ref, folder: Path, *, under: str = "") -> Path:
        """Copy an artifact's files into ``folder``, checked, as ordinary files that a person may change.

        Args:
            ref: the artifact.
            folder: made if absent; files of the same name are replaced.
            under: only files below this prefix, which is cut from their names.

        Raises:
            ArtifactMissing, ArtifactDamaged: as ``read_blob``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, blob in self.manifest(ref.sha256).files.items():
            if not name.startswith(under):
                continue
            target = folder / checked_name(name.removeprefix(under).lstrip("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_blob(blob.sha256, target)
        return folder

    def copy_blob(self, sha256: str, target: Path) -> None:
        """Copy a blob to a file that may be changed, and check the copy; never a hard link.

        Raises:
            ArtifactMissing, ArtifactDamaged: as ``read_blob``; there is no file then.
        """
        path = self._present(sha256)
        copy(path, target)
        if sha256_file(target) != sha256:
            target.unlink()
            self.checked_blob(sha256)
            raise ArtifactDamaged(f"the copy {target} of blob {sha256[:12]} has other bytes; try again")

    # -- writing ---------------------------------------------------------------------------------------------------

    def workspace(self) -> contextlib.AbstractContextManager[Path]:
        """Return a private folder on the store's file system, as a context; it is removed at the end.

        Raises:
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        return workspaces.workspace(self.root)

    def sweep(self) -> int:
        """Remove work in progress that nobody goes on with, and return how many folders and files that were.

        Raises:
            StoreUnwritable: the store may not be written.
        """
        return workspaces.sweep(self.root)

    def publish(
        self, kind: str, files: Mapping[str, bytes | Path | Blob], facts: Mapping[str, Any] | None = None
    ) -> Ref:
        """Store files as one artifact and return its reference; safe to repeat, safe beside other writers.

        Args:
            kind: a lowercase word such as ``dataset``.
            files: name inside the artifact -> its bytes, the path of a file to copy, or a blob that is stored already.
            facts: JSON values that belong to the artifact's identity.

        Raises:
            ArtifactMissing: a blob that was said to be stored is not.
            BadReference: a name could leave its folder.
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        with self.workspace() as aside:
            blobs: dict[str, Blob] = {}
            written: dict[Path, Path] = {}
            for number, (name, content) in enumerate(sorted(files.items())):
                if isinstance(content, Blob):
                    blobs[checked_name(name)] = self._stored(content)
                    continue
                part = aside / str(number)
                if isinstance(content, bytes):
                    part.write_bytes(content)
                else:
                    shutil.copyfile(content, part)
                blob = Blob(sha256_file(part), part.stat().st_size)
                blobs[checked_name(name)] = blob
                written[part] = self.blob_path(blob.sha256)
            manifest = Manifest(kind, blobs, dict(facts or {}))
            self._move_in(written)
        return self.keep(manifest)

    def keep(self, manifest: Manifest) -> Ref:
        """Store the manifest of an artifact whose files are here, or can be brought, and return its reference.

        Raises:
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        data = manifest.canonical()
        ref = manifest.ref(data)
        self._write(data, self.manifest_path(ref.sha256))
        return ref

    def adopt(self, files: Mapping[Path, Blob]) -> None:
        """Move files in as blobs, without copying; they become read-only.

        Args:
            files: path, on the store's file system (in a workspace, say) -> its digest and size, taken while it was
                written. Where the same blob is stored already, the file stays where it is.

        Raises:
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        with explained(self.root):
            self._move_in({path: self.blob_path(blob.sha256) for path, blob in files.items()})

    def put_blob(self, data: bytes) -> str:
        """Store bytes under their own digest and return it."""
        digest = sha256_bytes(data)
        if not self.blob_path(digest).exists():
            self._write(data, self.blob_path(digest))
        return digest

    def has_blob(self, blob: Blob) -> bool:
        """Whether a blob is here with its stated size."""
        # Asked once a file on every run: strings, since pathlib costs five times the system call itself.
        try:
            return os.stat(f"{self.root}/blobs/{blob.sha256[:2]}/{blob.sha256}").st_size == blob.size
        except FileNotFoundError:
            return False

    def _stored(self, blob: Blob) -> Blob:
        if not self.has_blob(blob):
            raise ArtifactMissing(f"blob {blob.sha256[:12]} is not in {self.root}")
        return blob

    def manifest_path(self, sha256: str) -> Path:
        """Return where the manifest of that artifact lies, or would lie."""
        return self.root / "manifests" / checked_digest(sha256)[:2] / sha256

    def _write(self, data: bytes, target: Path) -> None:
        with self.workspace() as aside:
            part = aside / "bytes"
            part.write_bytes(data)
            self._move_in({part: target})

    def _move_in(self, written: Mapping[Path, Path]) -> None:
        """Flush the files, rename each to its place, flush the folders. A damaged file in its place is replaced."""
        new = {part: target for part, target in written.items() if not _same_bytes(part, target)}
        flush(new)
        folders = {target.parent for target in new.values()}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for part, target in new.items():
            part.chmod(0o444)
            part.replace(target)
        flush(folders)


def _same_bytes(part: Path, target: Path) -> bool:
    return target.is_file() and filecmp.cmp(part, target, shallow=False)
