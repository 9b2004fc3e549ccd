"""The placement study in the report: tables, figures, sentences."""
