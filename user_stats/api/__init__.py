"""The HTTP API, and the middleware that counts visits: see `routes.py` for all that there is."""

from user_stats.api.tracking import TrackVisits

__all__ = ["TrackVisits"]
