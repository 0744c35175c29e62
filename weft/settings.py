"""Settings of a node: one typed class, from `WEFT_…` variables and one TOML file. docs/operate/settings.md lists them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from weft.protocol.names import NAME, participant
from weft.protocol.refusals import Refusal
from weft.secret_files import SecretFiles


def _participant(text: str) -> str:
    try:
        return participant(text)
    except Refusal as refusal:
        raise ValueError(refusal.why) from None


Name = Annotated[str, StringConstraints(pattern=rf"^{NAME}$"), AfterValidator(_participant)]
Port = Annotated[int, Field(ge=0, le=65535)]
PersonsRole = Literal["reader", "editor", "reviewer", "operator"]
Site = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
LOCAL_ISSUER = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class Settings(BaseSettings):
    """A variable `WEFT_PORT`, or the file that `WEFT_PORT_FILE` names, wins over `port` in node.toml; that over the default."""

    model_config = SettingsConfigDict(env_prefix="WEFT_", extra="forbid", frozen=True)

    node: Name = Field(description="This node's name in the network, like `eclac`. It is part of every record's key.")
    title: str = Field("", description="The name that people read, like `ECLAC, Santiago`.")
    data: Path = Field(description="Folder of everything that this node keeps: keys, databases, index, broker's store.")
    host: str = Field(
        "127.0.0.1", description="Address that the gateway, or the one service of `weft serve`, listens on."
    )
    port: Port = Field(8400, description="Port that it listens on.")
    url: str = Field("", description="Address under which peers reach the gateway; by default `http://host:port`.")
    database_url: str = Field(
        "", description="Database for each service; `{service}` stands for its name. By default SQLite files in `data`."
    )
    nats_url: str = Field(
        "",
        description="NATS run elsewhere, in operator mode; a cluster's members with commas. By default the node's own.",
    )
    nats_host: str = Field("127.0.0.1", description="Address that the node's own NATS server listens on.")
    nats_port: Port = Field(4222, description="Port that the node's own NATS server listens on; 0 picks a free one.")
    nats_certificate: Path | None = Field(
        None, description="The NATS server's own certificate, by which the node and its peers know it; else `init`'s."
    )
    nats_key: Path | None = Field(
        None, description="Key of that certificate, for the node's own NATS server to show it."
    )
    nats_replicas: Literal[1, 3] = Field(1, description="On how many members of a NATS cluster each stream is kept.")
    nats_public_url: str = Field(
        "", description="Address under which peers reach the NATS server; by default the own one."
    )
    catalog_url: str = Field("", description="Where `weft serve` processes find the catalog service.")
    indicators_url: str = Field("", description="Where `weft serve` processes find the indicators service.")
    search_url: str = Field("", description="Where `weft serve` processes find the search service.")
    sync_url: str = Field("", description="Where `weft serve` processes find the sync service.")
    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    requests_per_minute: int = Field(1200, ge=1, description="Requests a minute that one key or address may make.")
    writes_per_minute: int = Field(600, ge=1, description="Writing requests a minute that one key may make.")
    poll_seconds: float = Field(
        5.0, gt=0, le=300, description="How long a reader of a feed waits for a hint before it asks."
    )
    elasticsearch_url: str = Field(
        "", description="Elasticsearch 9 for the search index, its nodes' URLs; by default an index in `data`."
    )
    elasticsearch_key: str = Field("", description="API key for it, if its URL holds no user and password.")
    elasticsearch_authority: Path | None = Field(
        None, description="What its certificate must come from, when it is not a public authority."
    )
    blobs_url: str = Field("", description="Bucket for files, `s3://bucket/prefix`; by default a folder in `data`.")
    blobs_endpoint: str = Field("", description="Address of another S3 server than Amazon's.")
    blobs_key_id: str = Field("", description="Access key id for it; else what S3 clients find in `AWS_…` variables.")
    blobs_secret: str = Field("", description="Secret access key that goes with it.")
    blob_cache_bytes: int = Field(
        10 * 1024**3, ge=0, description="How many bytes of other nodes' files are kept here, the last read ones."
    )
    oidc_issuer: str = Field(
        "", description="OpenID Connect issuer whose bearer tokens are believed, as it names itself."
    )
    oidc_audience: str = Field("", description="Audience that such a token must name; required with `oidc_issuer`.")
    oidc_clients: tuple[str, ...] = Field((), description="Clients (`azp`) whose tokens are taken; by default any.")
    oidc_role_claim: str = Field("roles", description="Claim that gives roles; dots go into claims within claims.")
    oidc_roles: dict[str, PersonsRole] = Field({}, description="Which value of that claim gives which role here.")
    cors_origins: tuple[Site, ...] = Field((), description="Sites whose pages may also write and send credentials.")
    webhook_networks: tuple[IPvAnyNetwork, ...] = Field(
        (), description="Networks into which webhooks may go beside public addresses, there also by plain http."
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_is_reached_safely(cls, url: str) -> str:
        if url and not url.startswith(("https://", *LOCAL_ISSUER)):
            raise ValueError("must be an https address")
        return url

    @model_validator(mode="after")
    def _audience_with_issuer(self) -> Self:
        if self.oidc_issuer and not self.oidc_audience:
            raise ValueError("oidc_audience is required with oidc_issuer: any token of the issuer would be taken else")
        return self

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if self.nats_key and not self.nats_certificate:
            raise ValueError("nats_certificate is required with nats_key")
        return self

    @classmethod
    def read(cls, folder: Path, **given: object) -> Self:
        """The settings of the node kept in `folder`, from its `node.toml`, the environment and what is given here."""

        class FromFile(cls):  # type: ignore[valid-type, misc]  # the file's place is only known now
            @classmethod
            def settings_customise_sources(
                cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **others: object
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                file = TomlConfigSettingsSource(settings_cls, folder / "node.toml")
                return init_settings, others["env_settings"], SecretFiles(settings_cls), file  # type: ignore[return-value]

        return FromFile(data=folder, **given)

    @property
    def public_url(self) -> str:
        return self.url or f"http://{self.host}:{self.port}"

    def database(self, service: str) -> str:
        """The database URL of one service."""
        if self.database_url:
            return self.database_url.format(service=service)
        return f"sqlite:///{self.data / f'{service}.db'}"

    def service_url(self, service: str) -> str:
        return str(getattr(self, f"{service}_url"))
