"""keys and setup-code: what lets programs use the API, and the owner become the first admin."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from user_stats.accounts.keys import SCOPES
from user_stats.bootstrap import get_accounts
from user_stats.commands.output import print_json, print_table
from user_stats.errors import EXIT_DONE


def add_to(commands: Any) -> None:
    keys = commands.add_parser("keys", help="keys of programs that use the API")
    actions = keys.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key and print it, this one time")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--scope", required=True, choices=SCOPES, help="what it may do; admin includes the others")
    add.add_argument("--json", action="store_true", help="print one JSON document")
    add.set_defaults(run=add_key)
    listing = actions.add_parser("list", help="the keys there are")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    listing.set_defaults(run=list_keys)
    revoke = actions.add_parser("revoke", help="a key opens nothing any more")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(run=revoke_key)
    code = commands.add_parser("setup-code", help="print a new set-up code, with which the first admin is made")
    code.set_defaults(run=print_setup_code)


def add_key(arguments: argparse.Namespace) -> int:
    key = get_accounts(arguments.store).add_key(arguments.name, arguments.scope, actor=None)
    if arguments.json:
        print_json({"name": arguments.name, "scope": arguments.scope, "key": key})
    else:
        print(key)
    return EXIT_DONE


def list_keys(arguments: argparse.Namespace) -> int:
    found = get_accounts(arguments.store).list_keys(actor=None)
    if arguments.json:
        print_json({"keys": [asdict(key) for key in found]})
    else:
        print_table(("name", "scope", "since"), [(key.name, key.scope, key.made_at[:10]) for key in found])
    return EXIT_DONE


def revoke_key(arguments: argparse.Namespace) -> int:
    get_accounts(arguments.store).revoke_key(arguments.name, actor=None)
    return EXIT_DONE


def print_setup_code(arguments: argparse.Namespace) -> int:
    """Earlier codes end."""
    print(get_accounts(arguments.store).make_setup_code())
    return EXIT_DONE
