"""Who works here: people, roles, departments, languages, presence, log-ins."""
