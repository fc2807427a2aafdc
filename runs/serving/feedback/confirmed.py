"""What a person confirmed of a log: a folder of class folders, which a recipe may name as a source, and its table."""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.subsets import WORDS
from evergreen.decisions.decision import KEEP, LEAVE_OUT, RELABEL, Decision, Decisions, What
from evergreen.decisions.file import is_digest
from evergreen.errors import BadInput
from evergreen.images.junk import never_looked_into
from evergreen.paths import can_be_named
from runs.serving.feedback.files import made_folder, write_private
from runs.serving.feedback.log import Log, alone
from runs.serving.feedback.truths import truths_of
from storage.digests import sha256_bytes

_WHAT: dict[str, What] = {KEEP: KEEP, RELABEL: RELABEL, LEAVE_OUT: LEAVE_OUT}
SAID, ANSWERED = "feedback", "log"  # where a picture came from: somebody said what it is, or it was answered alone
# How a file begins -> its suffix, for people: what it is, whoever reads it finds out by its bytes.
_SUFFIXES = (
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"\x89PNG", ".png"),
    (0, b"GIF8", ".gif"),
    (0, b"BM", ".bmp"),
    (8, b"WEBP", ".webp"),
    (0, b"II", ".tif"),
    (0, b"MM", ".tif"),
    (4, b"ftypavi", ".avif"),
    (4, b"ftyp", ".heic"),
    (4, b"jP", ".jp2"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table: what a person decided about a picture, and where it came from.

    Attributes:
        sha256: of its bytes.
        decision: keep, relabel or leave out, as in a recipe's file of decisions.
        label: the class that is confirmed; empty if it is used for nothing.
        file: below the folder of what is confirmed; empty if it is used for nothing.
        source: feedback or log.
        said, said_by, said_when: what somebody said it is, who, and when; empty if nobody did.
        answered: the class that the model answered.
        release: SHA-256 of the release that answered.
        confirmed_by, confirmed_when: who decided, and when.
    """

    sha256: str
    decision: str
    label: str = ""
    file: str = ""
    source: str = ANSWERED
    said: str = ""
    said_by: str = ""
    said_when: str = ""
    answered: str = ""
    release: str = ""
    confirmed_by: str = ""
    confirmed_when: str = ""

    def as_decision(self) -> Decision:
        """Return it as a page that asks about pictures takes it."""
        label = self.label if self.decision == RELABEL else ""
        what = _WHAT.get(self.decision, LEAVE_OUT)
        return Decision(what, label, self.said, shown(self.sha256), self.confirmed_by, self.confirmed_when)


def shown(digest: str) -> str:
    """Return what a person reads of a digest, where a picture has no name."""
    return f"{digest[:16]}..."


_COLUMNS = [one.name for one in fields(Row)]


@dataclass(frozen=True)
class Confirmed:
    """What is confirmed of one recipe's log; a page that asks about pictures writes it as it writes a labels file.

    Attributes:
        log: whose pictures these are.
        declared: the recipe's declared classes: of these also one that is called as a subset is a class.
    """

    log: Log
    declared: Collection[str] = ()

    @property
    def path(self) -> Path:
        """The table."""
        return self.log.folder / "confirmed.csv"

    @property
    def folder(self) -> Path:
        """The folder of class folders: what a recipe names as a source."""
        return self.log.folder / "confirmed"

    def rows(self) -> dict[str, Row]:
        """Return SHA-256 -> what was decided.

        Raises:
            BadInput: the table cannot be read.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{self.path} cannot be read: {error}") from None
        found = csv.DictReader(io.StringIO(text, newline=""))
        if found.fieldnames != _COLUMNS:
            raise BadInput(f"{self.path}: expected the columns {', '.join(_COLUMNS)}; mend it, or move it away")
        rows = (Row(**{name: _plain(row[name] or "") for name in _COLUMNS}) for row in found)
        return {row.sha256: row for row in rows if is_digest(row.sha256)}

    def read(self) -> Decisions:
        """Return what was decided, as a labels file says it.

        Raises:
            BadInput: the table cannot be read.
        """
        return Decisions({digest: row.as_decision() for digest, row in self.rows().items()})

    def set(
        self, digest: str, decision: Decision | None, may: Callable[[Decision | None], bool] = lambda _: True
    ) -> tuple[bool, Decision | None]:
        """Confirm a picture, or take that back: put it below its class, or out of there, and write the table.

        Args:
            digest: SHA-256 of its bytes.
            decision: keep confirms what was said, relabel says what it is; None takes back.
            may: asked with what is decided now, while nobody else can write; nothing is written where it says no.

        Returns:
            Whether it was written, and what was decided before.

        Raises:
            BadInput: the picture is not kept, no folder can stand for the class, or it cannot be written.
        """
        try:
            with alone(self.log.root):
                rows = self.rows()
                row = rows.pop(digest, None)
                before = row.as_decision() if row else None
                if not may(before):
                    return False, before
                data = self._bytes(digest, row) if decision and self._label(decision) else b""
                self._remove(digest)
                if decision:
                    rows[digest] = self._put(digest, decision, data)
                self._write(rows)
                return True, before
        except OSError as error:
            raise BadInput(f"cannot write to {self.log.folder}: {error.strerror or error}") from error

    def files(self) -> Iterator[Path]:
        """Yield the pictures that are confirmed, in no order."""
        yield from (path for path in self.folder.glob("*/*") if path.is_file())

    def forget(self, digest: str) -> tuple[int, int]:
        """Delete a picture and its row, and return how many of each went. Whoever calls holds ``alone``."""
        rows = self.rows()
        found = rows.pop(digest, None)
        files = self._remove(digest)
        if found:
            self._write(rows)
        return files, int(found is not None)

    def why_no_folder(self, label: str) -> str:
        """Return why no folder can stand for a class, or an empty string."""
        if "/" in label or "\0" in label or label in ("", ".", ".."):
            return "no folder can be called so"
        if len(label.encode("utf-8", "replace")) > 255 or not can_be_named(self.folder / label):
            return "the name is too long for a folder"
        if key(label) in WORDS and key(label) not in {key(name) for name in self.declared}:
            return (
                f"a folder of this name stands for a subset; declare it in the recipe: repair.classes: [{label}, ...]"
            )
        return never_looked_into(label, self.declared)

    @staticmethod
    def _label(decision: Decision) -> str:
        """Return the class that a decision confirms; empty if none."""
        if decision.what == RELABEL:
            return decision.label
        return (decision.was or "") if decision.what == KEEP else ""

    def _bytes(self, digest: str, row: Row | None) -> bytes:
        """Return a picture's bytes, from the log or from what is confirmed already."""
        try:
            return self.log.read(digest)
        except BadInput:
            if row and row.file:
                data = (self.folder / row.file).read_bytes()
                if sha256_bytes(data) == digest:
                    return data
            raise

    def _put(self, digest: str, decision: Decision, data: bytes) -> Row:
        label, file = self._label(decision), ""
        if label:
            if why := self.why_no_folder(label):
                raise BadInput(f"expected a class that can be the name of a folder, received {label[:80]!r}: {why}")
            suffix = next((suffix for at, magic, suffix in _SUFFIXES if data[at : at + len(magic)] == magic), "")
            file = f"{label}/{digest}{suffix}"
            made_folder(self.folder / label, self.log.root)
            part = self.folder / label / f".{digest}.part"  # a name that no source looks at
            write_private(part, data)
            part.replace(self.folder / file)
        return replace(
            self._about(digest, decision.was or ""),
            decision=decision.what,
            label=label,
            file=file,
            confirmed_by=decision.who,
            confirmed_when=decision.when,
        )

    def _about(self, digest: str, said: str) -> Row:
        """Return where a picture came from; ``said`` is the truth that whoever decided saw, empty if there was none."""
        truths = [truth for truth in truths_of(self.log) if truth.sha256 == digest and truth.label == said]
        if truths:
            truth = truths[-1]
            answered = truth.answered[0] if truth.answered else ""
            return Row(digest, "", "", "", SAID, truth.label, truth.by, truth.time, answered, truth.release)
        answer = self.log.last("answers", digest) or {}
        top = answer.get("top") or [["", 0]]
        return Row(digest, "", said=said, answered=str(top[0][0]), release=str(answer.get("release", "")))

    def _remove(self, digest: str) -> int:
        """Delete the files of a picture, whatever class they lie below; return how many."""
        found = [path for path in self.folder.glob(f"*/*{digest}*") if path.name.lstrip(".").startswith(digest)]
        for path in found:
            path.unlink(missing_ok=True)
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        return len(found)

    def _write(self, rows: Mapping[str, Row]) -> None:
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        table.writeheader()
        for _, row in sorted(rows.items()):
            table.writerow({name: _inert(value) for name, value in asdict(row).items()})
        part = self.path.with_name(f".{self.path.name}.part")
        write_private(part, text.getvalue().encode("utf-8", "replace"))
        part.replace(self.path)


def _inert(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: such a text, and one that begins with ', gets a ' more."""
    return f"'{text}" if text[:1] in tuple("'=+-@\t\r") and text else text


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" else cell
