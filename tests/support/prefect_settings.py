"""Settings that a user may have made for another server, which a private one must not take."""

# Prefect's, proxies that lead nowhere, and what uvicorn itself would obey.
VARIABLES = {
    "PREFECT_SERVER_API_AUTH_STRING": "user:secret",
    "PREFECT_API_AUTH_STRING": "user:secret",
    "PREFECT_API_KEY": "secret",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none",
    "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none",
    "PREFECT_SERVER_API_HOST": "203.0.113.1",
    "PREFECT_SERVER_API_PORT": "9",
    "PREFECT_SERVER_API_BASE_PATH": "/elsewhere",
    "prefect_server_api_port": "9",
    "PREFECT_API_SSL_CERT_FILE": "/nowhere",
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_SERVER_LEVEL": "DEBUG",
    "PREFECT_LOGGING_SETTINGS_PATH": "/nowhere/logging.yml",
    "PREFECT_DEBUG_MODE": "1",
    "PREFECT_TEST_MODE": "1",
    "PREFECT_PROFILE": "gone",
    "PREFECT_HOME": "/nowhere",
    "PREFECT_CLIENT_CUSTOM_HEADERS": '{"x": "y"}',
    "UVICORN_PORT": "9",
    "UVICORN_SSL_KEYFILE": "/nowhere",
    "WEB_CONCURRENCY": "3",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
}
FILES = {
    ".env": "PREFECT_SERVER_API_AUTH_STRING=dot:env\nPREFECT_CLIENT_METRICS_PORT=none\n",
    "prefect.toml": '[server.database]\nconnection_url = "sqlite:////nowhere/x.db"\n[server.api]\nport = "none"\n',
    "pyproject.toml": '[tool.prefect.server]\nlogging_level = "none"\n[tool.prefect.api]\nkey = "secret"\n',
}
