from gunicorn.config import Config

class Logger:
    def __init__(self, cfg: Config) -> None: ...
