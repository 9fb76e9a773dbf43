"""Files in the Fortnox imitation: the inbox, and what is attached to invoices (fortnox/API.md, "Files"). No HTTP
here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from connector.sandbox.fortnox.errors import AttachmentRefused


@dataclass(frozen=True)
class StoredFile:
    """A file that was uploaded; `archive_id` is the id that attachments name it by."""

    id: str
    archive_id: str
    name: str
    folder: str
    content: bytes


@dataclass(frozen=True)
class Attachment:
    """A file hung onto a document; `entity` is its number, `kind` its type ("F" for an invoice)."""

    id: str
    entity: int
    kind: str
    file_id: str
    include_on_send: bool


class Files:
    """One company's files. The caller holds the lock."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredFile] = {}
        """By archive id."""
        self.attachments: dict[str, Attachment] = {}

    def upload(self, name: str, folder: str, content: bytes) -> StoredFile:
        """Keep a file."""
        file = StoredFile(str(uuid.uuid4()), str(uuid.uuid4()), name, folder, content)
        self.stored[file.archive_id] = file
        return file

    def find(self, file_id: str) -> StoredFile | None:
        """The file with this id or archive id."""
        if file_id in self.stored:
            return self.stored[file_id]
        return next((file for file in self.stored.values() if file.id == file_id), None)

    def attach(self, entity: int, kind: str, file_id: str, *, include_on_send: bool) -> Attachment:
        """Hang a file onto a document, by its archive id. Raises `AttachmentRefused`."""
        if file_id not in self.stored:
            raise AttachmentRefused("file_not_found", 404)
        attachment = Attachment(str(uuid.uuid4()), entity, kind, file_id, include_on_send)
        self.attachments[attachment.id] = attachment
        return attachment

    def attached_to(self, entity: int, kind: str) -> list[Attachment]:
        """Return what hangs on a document."""
        return [one for one in self.attachments.values() if (one.entity, one.kind) == (entity, kind)]

    def set_include(self, number: str, *, include_on_send: bool) -> Attachment:
        """Say whether an attachment goes out with its document. Raises `AttachmentRefused`."""
        changed = replace(self.attachment(number), include_on_send=include_on_send)
        self.attachments[number] = changed
        return changed

    def attachment(self, number: str) -> Attachment:
        """Raises `AttachmentRefused`."""
        if number not in self.attachments:
            raise AttachmentRefused("attachment_not_found", 404)
        return self.attachments[number]

    def detach(self, number: str) -> Attachment:
        """Take an attachment off; the file stays. Raises `AttachmentRefused`."""
        attachment = self.attachment(number)
        del self.attachments[number]
        return attachment
