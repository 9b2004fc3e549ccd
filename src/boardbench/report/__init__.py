"""Tables, figures and the page: our numbers beside the published ones."""
