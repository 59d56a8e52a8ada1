"""Reads a mail and verifies its signatures, for the tests.

Standard input: {"mail": base64, "records": {DNS name: text}}. Standard output:
{"fields": {name: [text]}, "addresses": {name: [[display name, address]]},
"parts": [{"type", "name", "id", "disposition", "content": base64}],
"defects": [text], "signatures": [bool]}.
"""
import base64
import email
import email.policy
import json
import sys

import dkim


def read(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    out = {"fields": {}, "addresses": {}, "parts": [], "defects": []}
    for name, value in message.items():
        out["fields"].setdefault(name, []).append(str(value))
        out["defects"] += ["%s: %r" % (name, d) for d in value.defects]
        if hasattr(value, "addresses"):
            out["addresses"][name] = [[a.display_name, a.addr_spec] for a in value.addresses]
    for part in message.walk():
        out["defects"] += [repr(d) for d in part.defects]
        if part.is_multipart():
            continue
        out["parts"].append({
            "type": part.get_content_type(),
            "name": part.get_filename() or "",
            "id": (part["content-id"] or "").strip("<>"),
            "disposition": part.get_content_disposition() or "",
            "content": base64.b64encode(part.get_payload(decode=True)).decode(),
        })
    return out


def verify(raw, records):
    def dns(name, timeout=5):
        return records.get(name.decode().rstrip("."), "").encode() or None

    count = raw.split(b"\r\n\r\n", 1)[0].count(b"DKIM-Signature:")
    return [dkim.DKIM(raw).verify(idx=i, dnsfunc=dns) for i in range(count)]


question = json.load(sys.stdin)
raw = base64.b64decode(question["mail"])
answer = read(raw)
answer["signatures"] = verify(raw, question["records"])
json.dump(answer, sys.stdout)
