"""Tables of the room: documents given out, and the hashes of the files made from them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    VALID = "valid", _("有效")
    REVOKED = "revoked", _("已撤销")


class Issued(models.Model):
    """A numbered result or notice. What it says is sealed in `content`; the file is made from it when asked for, always the
    same bytes. Only a revocation may change the row, and what it says may be erased (then `content` is empty); the database
    refuses anything else.

    `replaces` is the number of the revoked one in whose place this one stands, `corrected` which parts it says otherwise: label
    and digests, whose salt is sealed with the content. `holder` is masked as the public sees it. `code` is what the QR code
    leads to; `form` the edition of the layout.
    """

    number = models.TextField(db_collation="C")
    kind = models.TextField()
    title = models.TextField()
    case = models.TextField(db_collation="C")
    holder = models.TextField()
    content = models.BinaryField()
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", db_index=False)
    unit_name = models.TextField()
    issued_at = models.DateTimeField()
    issued_by = models.TextField()
    valid_to = models.DateField(null=True)
    code = models.TextField(db_collation="C")
    url = models.TextField()
    form = models.SmallIntegerField()
    state = models.TextField(choices=State.choices, db_default=State.VALID, default=State.VALID)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(db_default="", default="")
    revoked_reason = models.TextField(db_default="", default="")
    replaces = models.TextField(db_collation="C", db_default="", default="")
    corrected = models.JSONField(db_default=[], default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="document_number_once"),
            models.UniqueConstraint(fields=["code"], name="document_code_once"),
            models.UniqueConstraint(fields=["replaces"], condition=~Q(replaces=""), name="document_replaced_once"),
            models.CheckConstraint(
                condition=Q(state="valid", revoked_at=None)
                | (Q(state="revoked", revoked_at__gte=F("issued_at")) & ~Q(revoked_reason="")),
                name="document_revoked_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["case"], name="document_by_case")]


class File(models.Model):
    """A file made from a document: whoever holds one can have its hash compared."""

    document = models.ForeignKey(Issued, models.PROTECT, related_name="files", db_index=False)
    format = models.TextField()
    sha256 = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "sha256"], name="document_file_once")]
        indexes = [models.Index(fields=["sha256"], name="document_by_hash")]
