"""The outbox: mail is a row first, written with what causes it, and sent afterwards."""
