"""What the site shows that is generated: results from the tables, references from schemas and from the verbs."""
