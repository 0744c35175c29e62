"""Settings of a node: one typed class, from `WEFT_…` variables and one TOML file. docs/operate/settings.md lists them."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from weft.protocol.names import NAME

Name = Annotated[str, StringConstraints(pattern=rf"^{NAME}$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """A variable `WEFT_PORT` wins over `port` in the file, which wins over the default here."""

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
    nats_url: str = Field("", description="An existing NATS server in operator mode; by default the node runs its own.")
    nats_host: str = Field("127.0.0.1", description="Address that the node's own NATS server listens on.")
    nats_port: Port = Field(4222, description="Port that the node's own NATS server listens on; 0 picks a free one.")
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

    @classmethod
    def read(cls, folder: Path, **given: object) -> Self:
        """The settings of the node kept in `folder`, from its `node.toml`, the environment and what is given here."""

        class FromFile(cls):  # type: ignore[valid-type, misc]  # the file's place is only known now
            @classmethod
            def settings_customise_sources(
                cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **others: object
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                file = TomlConfigSettingsSource(settings_cls, folder / "node.toml")
                return init_settings, others["env_settings"], file  # type: ignore[return-value]

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
