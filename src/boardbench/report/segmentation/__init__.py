"""The segmentation study in the report: tables, figures, sentences."""
