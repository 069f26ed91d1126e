# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the name service family: one paragraph per provider."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - dnspython 2.3 or newer, for O(server.rfc2136)
options:
  server:
    description:
      - The zone and how it is reached; give exactly one of its suboptions.
    type: dict
    required: true
    suboptions:
      rfc2136:
        description:
          - A zone whose primary name server takes dynamic updates (RFC 2136) signed with TSIG, such as BIND, Knot DNS
            or PowerDNS.
        type: dict
        suboptions:
          zone:
            description: The name of the zone.
            type: str
            required: true
          primary:
            description:
              - The address of the name server that takes updates.
              - An address, so that no name is needed to change names.
            type: str
            required: true
          authoritative:
            description:
              - The addresses of all name servers that clients may ask. Every one is read back after a change.
              - The primary is always read, listed here or not.
            type: list
            elements: str
            required: true
          port:
            description: The port of all these name servers.
            type: int
            default: 53
          key_name:
            description: The name of the TSIG key.
            type: str
            required: true
          key_algorithm:
            description: The algorithm of the TSIG key.
            type: str
            choices: [hmac-sha256, hmac-sha384, hmac-sha512]
            default: hmac-sha256
          key_secret:
            description: The secret of the TSIG key, in base64.
            type: str
            required: true
"""
