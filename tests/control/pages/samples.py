"""Answers as the API gives them, for pages that show something."""

from __future__ import annotations

from tests.control.pages.canned import Body

NOW = 1_790_000_000.0
QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path fill="#000" d="M4 4h7v7h-7zm14 0h7v7h-7z'
    'M4 18h7v7h-7zm9-10h3v3h-3zm1 5h4v2h-4zm6 1h3v5h-3z"/></svg>'
)
POLICY: Body = {
    "minimum": 15,
    "rules": ["Not one of the passwords known from break-ins.", "Nothing that is near your name or our company's."],
}
INVITED: Body = {"name": "ada", "display_name": "Ada Lovelace", "policy": POLICY, "done": []}
FACTORS: Body = {
    "available": ["webauthn", "totp", "push"],
    "proven": ["password"],
    "needed": 1,
    "recovery": True,
    "name": "ada",
}
TOTP: Body = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "uri": "otpauth://totp/Example%20Works:ada?secret=JBSWY3DPEHPK3PXP&issuer=Example%20Works",
    "svg": QR,
}
CODES = [f"{first}-{second}-{third}" for first, second, third in zip(
    ("k7wq", "3mzd", "t9xa", "p2rc", "h8vn", "w4je", "b6ys", "q5kf", "d3tg", "x7ub"),
    ("n4fe", "v8ga", "j2lw", "y6sd", "c9mo", "r3pz", "l7ih", "a4nt", "g8xk", "m2vj"),
    ("z9qp", "e5ru", "k3bm", "u7fw", "s4dl", "o8ya", "f2cx", "t6wn", "i9hz", "b5ej"),
    strict=True,
)]  # fmt: skip
_ELSEWHERE = {"address": "203.0.113.77", "place": "Lisbon, Portugal", "client": "Firefox 152 on Windows"}
APPROVALS: Body = {
    "here": {"address": "198.51.100.4", "place": "Vienna, Austria", "client": "Chrome 156 on Linux"},
    "approvals": [
        {"id": "a1", "kind": "login", "context": _ELSEWHERE, "created": NOW, "expires": NOW + 60},
        {"id": "a2", "kind": "device", "context": _ELSEWHERE, "created": NOW, "expires": NOW + 120},
        {
            "id": "a3",
            "kind": "recovery",
            "context": _ELSEWHERE,
            "created": NOW,
            "expires": NOW + 2e5,
            "not_before": NOW + 86400,
            "mine": True,
        },
        {
            "id": "a4",
            "kind": "recovery",
            "context": _ELSEWHERE,
            "created": NOW,
            "expires": NOW + 2e5,
            "not_before": NOW + 86400,
            "mine": False,
            "name": "charles",
        },
        {
            "id": "a5",
            "kind": "reset",
            "context": {},
            "created": NOW,
            "expires": NOW + 2e5,
            "mine": False,
            "name": "charles",
        },
    ],
}
ACCOUNT: Body = {
    "name": "ada",
    "display_name": "Ada Lovelace",
    "devices": [
        {"id": "d1", "label": "Work laptop", "kind": "browser", "platform": "Linux", "browser": "Chrome",
         "browser_version": "156", "enrolled": NOW - 9e6, "last_seen": NOW, "last_address": "198.51.100.4",
         "status": "trusted", "current": True},
        {"id": "d2", "label": "Phone", "kind": "browser", "platform": "Android", "browser": "Firefox",
         "browser_version": "152", "enrolled": NOW - 8e6, "last_seen": NOW - 7200, "last_address": "2001:db8:77:1::9",
         "status": "trusted", "current": False},
        {"id": "d3", "label": "Old tablet with a rather long name that somebody gave it", "kind": "browser",
         "platform": "iPad", "browser": "Safari", "browser_version": "20", "enrolled": NOW - 4e7, "last_seen": None,
         "last_address": "", "status": "quarantined", "current": False},
    ],
    "sessions": [
        {"id": "s1", "device": "Work laptop", "client": "Chrome 156 on Linux", "address": "198.51.100.4",
         "started": NOW - 3000, "seen": NOW, "aal": 3, "factors": ["password", "webauthn"], "current": True},
        {"id": "s2", "device": "Phone", "client": "Firefox 152 on Android", "address": "2001:db8:77:1::9",
         "started": NOW - 7000, "seen": NOW - 600, "aal": 2, "factors": ["password", "totp"], "current": False},
    ],
    "credentials": [
        {"id": "c1", "kind": "password", "label": "", "created": NOW - 9e6, "last_used": NOW - 3000},
        {"id": "c2", "kind": "webauthn", "label": "Work laptop", "created": NOW - 9e6, "last_used": NOW - 3000},
        {"id": "c3", "kind": "webauthn", "label": "Phone", "created": NOW - 8e6, "last_used": None, "backed_up": True},
        {"id": "c4", "kind": "totp", "label": "Phone app", "created": NOW - 9e6, "last_used": NOW - 7000},
    ],
    "recovery_left": 9,
    "push": {
        "key": "BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U",
        "on": False,
    },
}  # fmt: skip
