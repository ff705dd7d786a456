"""The one entry: the server imports it as a module and finds `app`; each session of a browser runs it as a script."""

if __name__ != "__main__":
    import gc
    import logging
    import sys
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager
    from pathlib import Path

    import streamlit as st

    from user_stats.api.server import site_background, site_middleware, site_routes
    from user_stats.bootstrap import check_configuration
    from user_stats.errors import InvalidConfiguration

    # The pages are imported before the server runs, which it would warn of.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    from user_stats.ui import shell  # noqa: F401 - so that all that the pages need is there before the first visit

    try:
        check_configuration()
    except InvalidConfiguration as error:
        sys.exit(f"error: {error.message}")

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        """What is imported by now stays: the collector, which the server calls after each run, passes over it."""
        gc.collect()
        gc.freeze()
        async with site_background(app):
            yield

    app = st.App(
        __file__,
        routes=site_routes(),
        middleware=site_middleware(
            Path(st.__file__).parent / "static/index.html", st.get_option("browser.serverAddress") or ""
        ),
        lifespan=lifespan,
    )
else:
    from user_stats.ui.shell import run

    run()
