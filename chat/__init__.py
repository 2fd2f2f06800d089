"""Live chat: sessions, queue, seats, messages."""
