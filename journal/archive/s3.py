"""An archive in an S3-compatible store with object lock.

Every object is written with `If-None-Match: *` and a retention date that the store enforces.
The store keeps versions: whoever writes over a name, or deletes it, only adds to them; what counts
is the first version, which the lock holds until its date.

Credentials come from the environment or the usual profile and never reach a message: an answer
of the server may repeat them, so only its code is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from journal.archive.errors import AlreadyThere, ArchiveError
from journal.archive.store import PIECE_BYTES, Held

PART_BYTES = 32 << 20
"""Larger objects are sent in parts of this size; S3 takes 10,000 of them at most, 5 GiB each."""

MODES = ("COMPLIANCE", "GOVERNANCE")
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412")
HINTS = {
    "NoSuchBucket": "the bucket does not exist; make it with object lock enabled",
    "404": "it does not exist",
    "NoSuchKey": "it does not exist",
    "NoSuchVersion": "that version does not exist",
    "ObjectLockConfigurationNotFoundError": (
        "the bucket has no object lock, so nothing in it is safe from being deleted;"
        " make a bucket with object lock enabled"
    ),
    "AccessDenied": "not allowed, or held by its object lock",
    "InvalidAccessKeyId": "the access key is not known there",
    "XAdminUserNotFound": "the access key is not known there",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "403": "not allowed",
}


class S3Store:
    """Objects below `prefix` in a bucket.

    endpoint: URL of the store, "" for Amazon's or what the profile says; mode: of the lock, one of
    MODES. ArchiveError if the client is not installed.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str = "",
        mode: str = "COMPLIANCE",
        part_bytes: int = PART_BYTES,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is one of {MODES}, not {mode!r}")
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.where = f"s3://{bucket}/{self.prefix}".rstrip("/")
        self.mode = mode
        self.part_bytes = part_bytes
        self._client = client(endpoint)

    def check(self) -> None:
        with self._told():
            found = self._client.get_object_lock_configuration(Bucket=self.bucket)
        if found["ObjectLockConfiguration"].get("ObjectLockEnabled") != "Enabled":
            raise ArchiveError(f"{self.where}: {HINTS['ObjectLockConfigurationNotFoundError']}")

    def list(self, prefix: str) -> dict[str, Held]:
        found: dict[str, Held] = {}
        marked: set[str] = set()
        with self._told():
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            for page in pages:
                for entry in page.get("Versions", []):  # of one name the newest comes first
                    name = entry["Key"].removeprefix(self.prefix)
                    covered = "a later version" if name in found else ""
                    found[name] = Held(name, entry["VersionId"], entry["Size"], covered)
                for entry in page.get("DeleteMarkers", []):
                    marked.add(entry["Key"].removeprefix(self.prefix))
        return {
            name: Held(name, held.version, held.bytes, "a delete marker")
            if name in marked
            else held
            for name, held in found.items()
        }

    def put(self, name: str, source: Path, retain_until: datetime) -> Held:
        size = source.stat().st_size
        lock = {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": retain_until}
        where = {"Bucket": self.bucket, "Key": self.prefix + name}
        with self._told(name):
            if size > self.part_bytes:
                answer = self._put_parts(source, where, lock)
            else:
                with source.open("rb") as body:
                    answer = self._client.put_object(
                        **where, **lock, Body=body, ContentLength=size, IfNoneMatch="*"
                    )
        return Held(name, answer.get("VersionId", ""), size)

    def _put_parts(self, source: Path, where: dict[str, str], lock: dict[str, Any]) -> Any:
        """In parts; what an attempt before left unfinished is removed first."""
        for old in self._unfinished(where["Key"]):
            self._client.abort_multipart_upload(**where, UploadId=old)
        upload = self._client.create_multipart_upload(**where, **lock)["UploadId"]
        parts = []
        with source.open("rb") as file:
            for number, data in enumerate(iter(lambda: file.read(self.part_bytes), b""), 1):
                answer = self._client.upload_part(
                    **where, UploadId=upload, PartNumber=number, Body=data
                )
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return self._client.complete_multipart_upload(
            **where, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )

    def _unfinished(self, key: str) -> Iterator[str]:
        found = self._client.list_multipart_uploads(Bucket=self.bucket, Prefix=key)
        for entry in found.get("Uploads", []):
            if entry["Key"] == key:
                yield entry["UploadId"]

    def get(self, name: str, version: str, into: BinaryIO) -> None:
        with self._told(name):
            which = {"VersionId": version} if version else {}
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name, **which)
            for piece in answer["Body"].iter_chunks(PIECE_BYTES):
                into.write(piece)

    def delete(self, name: str, version: str) -> None:
        with self._told(name):
            which = {"VersionId": version} if version else {}
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + name, **which)

    @contextlib.contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """What the client raises, as an ArchiveError that says what to do."""
        from botocore import exceptions

        where = f"{self.where}/{name}" if name else self.where
        try:
            yield
        except exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if code in TAKEN:
                raise AlreadyThere(f"{where} is there already") from None
            raise ArchiveError(f"{where}: {HINTS.get(code, 'refused')} ({code})") from None
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
            raise ArchiveError(
                f"{where}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
                " or AWS_PROFILE"
            ) from None
        except (exceptions.BotoCoreError, exceptions.HTTPClientError, OSError) as error:
            raise ArchiveError(
                f"{where}: the store cannot be reached or broke off ({type(error).__name__});"
                " run it again, and it goes on where it stopped"
            ) from None


def client(endpoint: str) -> Any:
    """A client of the S3 protocol. ArchiveError when it is not installed."""
    try:
        import botocore.exceptions
        import botocore.session
        from botocore.config import Config
    except ImportError:
        raise ArchiveError(
            "archives in S3 need botocore: install `lmax[s3]`, or archive to a folder"
        ) from None
    session = botocore.session.get_session()
    settings = Config(
        retries={"max_attempts": 3, "mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        s3={"addressing_style": "path"} if endpoint else {},
    )
    region = session.get_config_variable("region") or "us-east-1"
    try:
        return session.create_client(
            "s3", endpoint_url=endpoint or None, region_name=region, config=settings
        )
    except (ValueError, botocore.exceptions.BotoCoreError) as error:
        raise ArchiveError(f"no client for {endpoint or 'S3'}: {type(error).__name__}") from None
