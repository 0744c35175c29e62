"""Blob stores: a folder, and a bucket of a server that speaks S3. The same tests are for both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from weft.blobs.store import Blob, Blobs, Bucket

REGION = "us-east-1"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return Blobs.open("ece", tmp_path / "blobs")
    endpoint = request.getfixturevalue("s3")
    credentials = {"aws_access_key_id": "somebody", "aws_secret_access_key": "secret", "region_name": REGION}
    bucket = f"files-{tmp_path.name.replace('_', '-').lower()}"[:60].strip("-")
    boto3.client("s3", endpoint_url=endpoint, **credentials).create_bucket(Bucket=bucket)
    return Blobs.open("ece", tmp_path / "blobs", Bucket(f"s3://{bucket}/nodes/ece", endpoint, "somebody", "secret"))


async def stream(data: bytes, piece: int = 64 * 1024) -> AsyncIterator[bytes]:
    """Data as a socket brings it."""
    for at in range(0, len(data), piece):
        await asyncio.sleep(0)
        yield data[at : at + piece]


async def kept(blobs: Blobs, data: bytes, origin: str = "ece") -> Blob:
    async with blobs.stage(stream(data)) as staged:
        return await blobs.place(origin, staged)


async def read(blobs: Blobs, blob: Blob, start: int, stop: int) -> bytes:
    return b"".join([piece async for piece in blobs.read(blob, start, stop)])
