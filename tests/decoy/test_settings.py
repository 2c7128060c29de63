from bartizan.config.model import Config
from bartizan.decoy.settings import decoy_config
from bartizan.process.plain import decode_config, encode_config

WHOLE = {
    "listeners": [{"name": "main", "address": "0.0.0.0:443"}],
    "upstreams": [{"name": "api", "nodes": [{"address": "127.0.0.1:1"}]}],
    "routes": [
        {
            "name": "shop",
            "upstream": "api",
            "rewrite": {"request_headers": {"set": {"Authorization": "Bearer hidden-1"}}},
        }
    ],
    "storage": {
        "directory": "/data",
        "state": {"engine": "valkey", "url": "redis://:hidden-2@127.0.0.1"},
        "records": {"engine": "postgresql", "url": "postgresql://a:hidden-3@127.0.0.1/b"},
    },
    "logging": {"level": "debug"},
    "deception": {
        "enabled": True,
        "honeytokens": {"audience": "hidden-4"},
        "divert": {"enabled": True, "actors": 7, "openapi": {"api": "/api.yaml"}, "tarpit": {"at": 90}},
    },
}


def test_the_decoy_is_told_its_own_settings_and_no_secrets() -> None:
    told = decoy_config(Config.model_validate(WHOLE))
    data = encode_config(told)
    assert b"hidden" not in data
    assert decode_config(data) == told
    assert told.deception.divert == Config.model_validate(WHOLE).deception.divert
    assert (told.storage.directory, told.logging.level) == ("/data", "debug")
    assert told.upstreams == []
