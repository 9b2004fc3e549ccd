"""The classification study in the report: tables, figures, sentences."""
