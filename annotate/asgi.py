"""The site as an ASGI application for uvicorn: pages run in a pool of threads.

Django's own ASGI handler costs twice the CPU a request, because each synchronous
middleware changes threads; a2wsgi changes threads once.
"""

import os

from a2wsgi import WSGIMiddleware

from annotate.wsgi import application as pages

# One thread holds one database connection.
threads = int(os.environ.get("WEB_THREADS") or 8)
application = WSGIMiddleware(pages, workers=threads)  # type: ignore[arg-type]
