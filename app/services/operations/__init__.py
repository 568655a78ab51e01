"""Running the service itself: signs of life, health, numbers, quarantine, backups."""
