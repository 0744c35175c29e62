"""A node that keeps its files in a bucket: a real S3 server holds them, a peer reads them, and they go with their document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.promises.desk import Editor, running, visitor
from weft.demo.local import LocalNode
from weft.demo.visitor import DOCUMENTS, until

pytestmark = pytest.mark.network
BUCKET = "ece-files"
DATA = b"what surveys show\n" * 200_000
"""3.4 MiB: more than one part."""


@pytest.fixture
def bucket() -> Iterator[tuple[str, Any]]:
    """A bucket's server and a client of it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield endpoint, client
    finally:
        server.stop()


def test_files_are_in_the_bucket_and_nowhere_else_until_their_document_goes(
    bucket: tuple[str, Any], tmp_path: Path
) -> None:
    endpoint, client = bucket
    settings = {
        "WEFT_BLOBS_URL": f"s3://{BUCKET}/weft",
        "WEFT_BLOBS_ENDPOINT": endpoint,
        "WEFT_BLOBS_KEY_ID": "id",
        "WEFT_BLOBS_SECRET": "secret",
        "AWS_REGION": "us-east-1",
    }
    ece, eca = LocalNode("ece", tmp_path / "ece", environment=settings), LocalNode("eca", tmp_path / "eca")
    ece.make()
    eca.make()

    def objects() -> list[str]:
        return [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    with running(ece, eca):
        editor = Editor(ece)
        editor.put("kept", "A document with data")
        address = f"{DOCUMENTS}/ece/kept"
        headers = {"If-Match": f'"{editor.acknowledged["kept"]}"', "Content-Type": "text/plain"}
        sent = editor.http.put(f"{address}/files/data.txt", content=DATA, headers=headers, timeout=60)
        assert sent.is_success, sent.text
        assert len(objects()) == 1
        assert not [path for path in (ece.folder / "blobs").rglob("*") if path.is_file()]
        until("ECA has the file's name", lambda: "files" in visitor(eca).get(address).json())
        assert visitor(eca).get(f"{address}/files/data.txt", timeout=60).content == DATA
        part = visitor(ece).get(f"{address}/files/data.txt", headers={"Range": "bytes=1048570-1048585"})
        assert (part.status_code, part.content) == (206, DATA[1048570:1048586])
        assert editor.http.delete(address, headers={"If-Match": sent.headers["ETag"]}).status_code == 204
        until("the bucket is empty", lambda: objects() == [])
        until("ECA has lost it", lambda: visitor(eca).get(f"{address}/files/data.txt").status_code == 404)
