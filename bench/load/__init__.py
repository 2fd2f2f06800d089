"""The load: a client in a process of its own, lean enough never to be what is measured."""
