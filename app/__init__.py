"""Putright: complaints run from their landlord’s own diagrams. The application: app.factory."""
