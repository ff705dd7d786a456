"""The one entry: the server imports it as a module and finds `app`; each session of a browser runs it as a script."""

if __name__ != "__main__":
    import asyncio
    import gc
    import sys
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager
    from pathlib import Path

    import streamlit as st

    gc.disable()  # until what stays is imported: the collector would look through all of it again and again

    from user_stats.api.server import site_background, site_middleware, site_routes
    from user_stats.bootstrap import check_configuration
    from user_stats.errors import InvalidConfiguration
    from user_stats.ui import first_run_over, import_pages

    LONGEST_WAIT_SECONDS = 5.0
    """For the first page; who comes later finds everything imported."""
    DRAWING_SECONDS = 1.0
    """Until a browser has fetched from this server what it draws the first page with."""

    try:
        check_configuration()
    except InvalidConfiguration as error:
        sys.exit(f"error: {error.message}")
    finally:
        gc.enable()

    def import_others() -> None:
        """Imports what the first page does without. What is imported by now stays: the collector, which the server
        calls after each run, passes over it."""
        gc.disable()
        try:
            import_pages()
        finally:
            gc.collect()
            gc.freeze()
            gc.enable()

    async def get_ready() -> None:
        """Lets the first page be drawn first: both at once would wait for each other."""
        await asyncio.to_thread(first_run_over.wait, LONGEST_WAIT_SECONDS)
        await asyncio.sleep(DRAWING_SECONDS)
        await asyncio.to_thread(import_others)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        """The first page is served before the others are imported."""
        async with site_background(app):
            getting_ready = asyncio.create_task(get_ready())
            yield
            first_run_over.set()
            getting_ready.cancel()

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
