"""What every answer of the site must be, whoever asked for what."""

from __future__ import annotations

import re

from django.http.response import HttpResponseBase

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    "default-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}
COMPILES = "'unsafe-eval'"  # which Alpine needs, in the admin
# A cookie that a script of ours reads; it is no secret to the page it is for.
READ_BY_SCRIPTS = {"csrftoken"}
NAMES_THE_SERVER = {"Server", "X-Powered-By", "X-AspNet-Version"}


def faults_of(response: HttpResponseBase, address: str) -> list[str]:
    """Return what is wrong with an answer's headers and cookies, in words."""
    headers = response.headers
    wrong = [
        f"{name}: {headers.get(name)}"
        for name in EVERYWHERE
        if headers.get(name) != EVERYWHERE[name]
    ]
    wrong += [f"it names its server: {name}" for name in NAMES_THE_SERVER if name in headers]
    policy = headers.get("Content-Security-Policy", "")
    wrong += [f"the policy lacks {one}" for one in POLICY - set(policy.split("; "))]
    if "unsafe" in policy.replace(COMPILES, "" if address.startswith("/admin/") else COMPILES):
        wrong.append(f"the policy allows what is not safe: {policy}")
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        wrong.append("the page may ask of devices")
    if not {"no-store", "private"} <= set(re.split(r",\s*", headers.get("Cache-Control", ""))):
        wrong.append(f"it may be kept: {headers.get('Cache-Control')}")
    kind = headers.get("Content-Type", "")
    if kind.startswith("text/") and "charset=utf-8" not in kind and "event-stream" not in kind:
        wrong.append(f"without a charset: {kind}")
    if "Access-Control-Allow-Origin" in headers:
        wrong.append("other sites may read it")
    for name, cookie in response.cookies.items():
        if cookie["samesite"] != "Lax" or cookie["domain"] or cookie["path"] != "/":
            wrong.append(f"the cookie {cookie.OutputString()}")
        if cookie.value and not cookie["httponly"] and name not in READ_BY_SCRIPTS:
            wrong.append(f"scripts can read the cookie {name}")
    return [f"{address}: {one}" for one in wrong]
