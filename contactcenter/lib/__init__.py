"""Plumbing without a domain noun: errors, events, addresses, hashes, frames, sockets, embedded servers."""
