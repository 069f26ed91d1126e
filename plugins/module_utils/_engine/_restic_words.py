# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What restic's words mean; its exit code is 1 for nearly everything, and 0 for some of what is bad."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    EncryptionError,
    IntegrityError,
    LeaseError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
    SpaceError,
    TlsError,
    ToolError,
)

FORBIDDEN = r"access ?denied|\b403\b|forbidden|AuthorizationFailure|AuthorizationPermissionMismatch"
# How each kind of store says that something is not there.
GONE = (
    r"no such file or directory|file does not exist|specified key does not exist|NoSuchKey|BlobNotFound"
    r"|object doesn't exist|InvalidRange|requested range"
)
# What another attempt does not change. restic tries everything again for a quarter of an hour.
FINAL = re.compile(
    rf"{GONE}|{FORBIDDEN}|x509|certificate|InvalidAccessKeyId|SignatureDoesNotMatch|NoSuchBucket|bucket does not exist",
    re.IGNORECASE,
)
RETRIED = re.compile(
    r"^(?P<act>\w+)\(<?(?P<object>[^,>\n]*)[,>)].* returned error, retrying after [^:\n]*: (?P<why>.*)$", re.MULTILINE
)
BROKEN_PACK = re.compile(r"^pack ([0-9a-f]{64}): (?:does not exist|unexpected file size)", re.MULTILINE)
# A store may need a moment until what was written can be read, and a connection may break off.
ENOUGH_REFUSALS, ENOUGH_ENDS = 2, 6

# What restic says, what it means, and what to do. The first pattern that is found decides.
MEANINGS: list[tuple[str, type[RecoveryError], str]] = [
    (
        r"no space left on device|disk quota exceeded|QuotaExceeded|insufficient storage",
        SpaceError,
        "Free space in the repository or enlarge it; what was there before is intact",
    ),
    (
        r"an empty password is not a password|reading repository password from stdin",
        EncryptionError,
        "The key file is empty: put the repository's passphrase into it; do not create the repository anew",
    ),
    (
        r"wrong password or no key found|ciphertext verification failed.*key",
        EncryptionError,
        "Compare the passphrase with the one the repository was created with; do not create it anew",
    ),
    (
        r"Resolving password failed",
        EncryptionError,
        "Put the repository's passphrase into the file that RESTIC_PASSWORD_FILE names, readable for this user only",
    ),
    (
        r"already locked|unable to create lock in backend: repository is",
        LeaseError,
        "Wait until the other restic has ended; only a lock whose process is proven dead may be removed",
    ),
    (r"x509|certificate|tls: ", TlsError, "Renew or trust the certificate of the repository (RESTIC_CACERT)"),
    (
        rf"(remove|delete)[^\n]*({FORBIDDEN})",
        AccessError,
        "These credentials may not delete: run retention with ones that may, or leave it to the store",
    ),
    (
        rf"(\blist)[^\n]*({FORBIDDEN})",
        AccessError,
        "These credentials may not list: allow listing of the repository's objects",
    ),
    (
        rf"(put|save|create lock|upload)[^\n]*({FORBIDDEN})",
        AccessError,
        "These credentials may not write: allow putting of the repository's objects",
    ),
    (
        rf"{FORBIDDEN}|InvalidAccessKeyId|access key id you provided|SignatureDoesNotMatch|request signature"
        r"|permission denied|authentication failed|unauthorized",
        AccessError,
        "Correct the repository's credentials, or run as the user who may read it",
    ),
    (
        r"Pack ID does not match|ciphertext verification failed|hash mismatch|does not match hash|pack [0-9a-f]+: "
        r"|repository contains errors|decrypting blob|failed to download|invalid data returned|not found in index"
        r"|Unmarshal: |panic: "
        rf"|Load\(<(?:data|index|snapshot)/[^\n]*(?:{GONE})",
        IntegrityError,
        "Use another backup, or another repository; take a new full backup",
    ),
    (r"no matching ID|no snapshot found|multiple IDs", RepositoryError, "Name a backup that the repository lists"),
    (
        r"no such host|connection refused|connection reset|connection closed|network is unreachable|i/o timeout"
        r"|no route to host|\bEOF\b|slow ?down|service unavailable|internal ?error|\b5\d\d\b|server returned"
        r"|unable to start the sftp session",
        RepositoryError,
        "See whether the repository is up and can be reached from this host",
    ),
    (
        r"Is there a repository at the following location|unable to open config file|bucket does not exist"
        r"|NoSuchBucket",
        RepositoryError,
        "It is not there, or was emptied: see what became of it; nothing creates it anew at that place by itself",
    ),
    (
        r"all target directories/files do not exist|does not exist, skipping",
        PreconditionError,
        "Correct the paths, or see what became of them",
    ),
]
UNKNOWN_NEXT_ACTION = "Read its words above; this outcome is not known to be success"


def asks_in_vain(said: str) -> bool:
    """Whether it asks again for what it has found to be broken, or has got an answer that will stay the same."""
    broken = tuple(BROKEN_PACK.findall(said))
    refusals: Counter[str] = Counter()
    for each in RETRIED.finditer(said):
        name = each["object"].rpartition("/")[2]
        if name and any(pack.startswith(name) for pack in broken):
            return True
        kind = "refused" if FINAL.search(each["why"]) else "ended" if each["why"].endswith("EOF") else ""
        refusals[f"{kind} {each['act']} {each['object']}"] += 1 if kind else 0
    enough = {"refused": ENOUGH_REFUSALS, "ended": ENOUGH_ENDS}
    return any(count and count >= enough[name.partition(" ")[0]] for name, count in refusals.items())


def cleaned(text: str) -> str:
    """What the tool said, each thing once, on one line, without control characters."""
    lines = [" ".join(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "?", line).split()) for line in text.splitlines()]
    return " | ".join(dict.fromkeys(line for line in lines if line))[-1500:]


def meaning_of(text: str, what: str, *, evidence: dict[str, Any] | None = None, **state: Any) -> RecoveryError:
    """The error that restic's words stand for; words that are not known are a failure as well."""
    for pattern, kind, next_action in MEANINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(what, cause=cleaned(text), next_action=next_action, evidence=evidence, **state)
    cause = cleaned(text) or "restic said nothing"
    return ToolError(what, cause=cause, next_action=UNKNOWN_NEXT_ACTION, evidence=evidence, **state)
